# Everything runs in .venv/, which `make` builds itself: a machine needs Python 3.11+ and make, nothing else.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
# Rasa 3.6 can't share an environment with the rest: it pins SQLAlchemy 1.4 and Python below 3.11.
RASA := .venv-rasa
RASA_QUIET := SQLALCHEMY_SILENCE_UBER_WARNING=1 RASA_TELEMETRY_ENABLED=false TF_CPP_MIN_LOG_LEVEL=2
EPOCHS := 100
PYTHON310 ?= $(shell for p in python3.10 $(HOME)/.pyenv/versions/3.10*/bin/python3.10; do \
	$$p -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' >/dev/null 2>&1 && echo $$p && break; done)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup run chat test check content rewrite lint types lock bench-nlu nlu-baseline rasa-setup rasa-project rasa-train rasa-serve clean

help:       ## show these commands
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile

$(VENV)/.run: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Rangkul needs Python 3.11 or newer."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing (on Debian: apt-get install python3-venv)."; exit 1; }
	@echo "Installing what Rangkul needs (once) …"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	@echo "Installing what tests need (once) …"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.run ## make .venv and install everything `make run` needs

run: $(VENV)/.run ## start the bot: web chat, console, sender and clock in one process
	@$(BIN)/rangkul run

chat: $(VENV)/.run ## talk to the bot in this terminal
	@$(BIN)/rangkul chat

test: lint types content $(VENV)/.dev ## everything a change must pass; T=path or K=words narrow the tests
	@$(BIN)/python -m pytest $(if $(T)$(K),$(T) $(if $(K),-k "$(K)"),--numprocesses auto --maxprocesses 4 --dist loadfile)

lint: $(VENV)/.dev ## format, lint and import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-logo

types: $(VENV)/.dev ## types (mypy --strict)
	@$(BIN)/mypy

content: $(VENV)/.run ## check words and numbers, in Indonesian
	@$(BIN)/rangkul content check

rewrite: $(VENV)/.dev ## re-render the bot's lines in the transcripts; read the diff
	@test -z "$$CI" || { echo "CI does not rewrite expectations."; exit 1; }
	@$(BIN)/python -m pytest -q tests/test_conversations.py --rewrite

bench-nlu: $(VENV)/.dev ## train and measure every engine side by side; writes docs/benchmarks.md (half an hour, two cores)
	@$(BIN)/rangkul bench nlu

nlu-baseline: $(VENV)/.run ## keep today's held-out figures as what CI compares with
	@$(BIN)/rangkul nlu evaluate tests/nlu/held_out.jsonl --write-baseline tests/nlu/baseline.yaml

$(RASA)/.rasa:
	@test -n "$(PYTHON310)" || { echo "Rasa 3.6 needs Python 3.10 (pyenv install 3.10, or PYTHON310=/path/to/python3.10)."; exit 1; }
	@echo "Installing Rasa 3.6.21 into $(RASA)/: 2.7 GB on disk, a minute or more. Rangkul itself doesn't need it."
	@test -x $(RASA)/bin/python || $(PYTHON310) -m venv $(RASA)
	@$(RASA)/bin/python -m pip install --quiet "pip<25" "setuptools<66" wheel
	@$(RASA)/bin/python -m pip install --quiet rasa==3.6.21
	@touch $@

rasa-setup: $(RASA)/.rasa ## install Rasa 3.6 into an environment of its own (2.7 GB, Python 3.10)

rasa-project: $(VENV)/.run ## write nlu/rasa/ anew from content/
	@$(BIN)/rangkul nlu export-rasa nlu/rasa

rasa-train: $(RASA)/.rasa ## train Rasa's DIET on nlu/rasa/ (tens of minutes; EPOCHS=5 for a quick proof)
	@mkdir -p var/rasa && cp -r nlu/rasa/data nlu/rasa/domain.yml var/rasa/ && sed 's/epochs: .*/epochs: $(EPOCHS)/' nlu/rasa/config.yml > var/rasa/config.yml
	@cd var/rasa && $(RASA_QUIET) $(CURDIR)/$(RASA)/bin/rasa train nlu --nlu data/nlu.yml --config config.yml --domain domain.yml --out $(CURDIR)/nlu/rasa/models

rasa-serve: $(RASA)/.rasa ## serve it at 127.0.0.1:5005 for `nlu.engine: rasa`
	@cd nlu/rasa && $(RASA_QUIET) $(CURDIR)/$(RASA)/bin/rasa run --enable-api --interface 127.0.0.1 --port 5005

lock:       ## write the locked requirements anew (hashes, no registry host)
	@$(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install --quiet uv
	@.venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --no-emit-find-links --extra vectors pyproject.toml requirements-build.in -o requirements.lock
	@.venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --no-emit-find-links --extra vectors --extra dev -c requirements.lock pyproject.toml requirements-build.in -o requirements-dev.lock
	@rm -rf .venv-lock

clean:      ## remove the environment and caches (never your data in var/)
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info
