"""Rules of the house that a reader of the code relies on. Each rule is tested on a bad and a good line as well."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import content
from content.model import Kind

ROOT = Path(__file__).parent.parent
LAYERS = ("content", "nlu", "flows", "storage", "console", "bot")
_RUPIAH = re.compile(r"\bRp\s?\d|\b\d+(?:[.,]\d+)?\s?(?:rb|ribu|jt|juta)\b", re.IGNORECASE)
_ARTICLE = re.compile(r"\b(?:PP|UU|Permenaker|Perpres)\s?\d+/\d{4}")


@dataclass(frozen=True)
class Rule:
    name: str
    teaches: str
    finds: Callable[[ast.AST], bool]
    layers: tuple[str, ...]
    bad: str
    good: str
    except_for: tuple[str, ...] = ()


@cache
def amounts() -> frozenset[int]:
    """Every rupiah of every fact that can't be mistaken for a plain count (10.000 and 1.000.000 can)."""
    found = set()
    for fact in content.load().facts.values():
        kinds = [kind for _, kind in fact.columns] or [fact.kind]
        for value in fact.values:
            rows = value.value if fact.columns else ((value.value,),)
            found |= {cell for row in rows for cell, kind in zip(row, kinds, strict=True) if kind is Kind.RUPIAH}
    return frozenset(amount for amount in found if isinstance(amount, int) and len(str(amount).rstrip("0")) > 1)


@cache
def function_words() -> frozenset[str]:
    return frozenset(content.load().lexicon["words"]["stop_words_indonesian"])


def reads_the_clock(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    owner = node.func.value
    name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
    return (name, node.func.attr) in {
        ("datetime", "now"),
        ("datetime", "utcnow"),
        ("datetime", "today"),
        ("date", "today"),
        ("time", "time"),
    }


def holds_an_amount(node: ast.AST) -> bool:
    if not isinstance(node, ast.Constant):
        return False
    if isinstance(node.value, bool):
        return False
    if isinstance(node.value, int):
        return node.value in amounts()
    return isinstance(node.value, str) and bool(_RUPIAH.search(node.value))


def speaks_indonesian(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return False
    if "\\" in node.value or "|" in node.value:  # a pattern hears, it does not speak
        return False
    words = re.findall(r"[a-z]+", node.value.lower()) if " " in node.value else []
    return len(words) >= 4 and sum(word in function_words() for word in words) >= 2


def cites_a_law(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(_ARTICLE.search(node.value))


RULES = [
    Rule(
        "clock",
        "Ask the clock you were given; only bot/clock.py reads the time.",
        reads_the_clock,
        LAYERS,
        bad="now = datetime.now(tz=UTC)",
        good="now = clock.now()",
        except_for=("bot/clock.py",),
    ),
    Rule(
        "amount",
        "An amount is a fact in content/facts with a source and dates; name the fact.",
        holds_an_amount,
        ("nlu", "flows", "storage", "console", "bot"),
        bad="smallest = 16800",
        good='smallest = content.fact("iuran_bpu.dua_program", day)',
        except_for=("bot/bench/",),  # invented people with invented incomes
    ),
    Rule(
        "words",
        "People's words live in content/. Return a reply key, or read the lexicon.",
        speaks_indonesian,
        ("flows", "storage", "console", "bot"),
        bad='return "Silakan tulis nama yang ada di KTP untuk kami"',
        good='return "tanya_nama"',
        # what is wrong with a template file, told to staff by the content check; and what the audit types as a worker
        except_for=("bot/channels/whatsapp_templates.py", "bot/privacy_audit.py"),
    ),
    Rule(
        "law",
        "A legal basis is a source in content/sources.yaml; say {source.…}.",
        cites_a_law,
        ("nlu", "flows", "storage", "console", "bot"),
        bad='basis = "PP 82/2019"',
        good='basis = content.sources["pp-82-2019"].cited',
    ),
]


def without_docstrings(tree: ast.Module) -> Iterator[ast.AST]:
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return (node for node in ast.walk(tree) if id(node) not in docs)


def breaches(rule: Rule, source: str) -> list[int]:
    return [getattr(node, "lineno", 0) for node in without_docstrings(ast.parse(source)) if rule.finds(node)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_rule_finds_its_bad_line_and_lets_its_good_line_pass(rule):
    assert breaches(rule, rule.bad)
    assert not breaches(rule, rule.good)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_whole_tree_keeps_the_rule(rule):
    found = []
    for layer in rule.layers:
        for path in sorted((ROOT / layer).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name.startswith(rule.except_for) if rule.except_for else False:
                continue
            found += [f"{name}:{line}: {rule.teaches}" for line in breaches(rule, path.read_text(encoding="utf-8"))]
    assert not found, "\n".join(found)
