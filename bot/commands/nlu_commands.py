"""`rangkul nlu train|parse|evaluate|answer|export-rasa`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.commands.content_commands import load_or_fail, today
from bot.commands.options import ConfigOption, JsonOption, err, fail, out, settings_from


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Understanding: train, parse, evaluate.")
    for command in (train, parse, evaluate, answer):
        group.command()(command)
    group.command("export-rasa")(export_rasa)
    app.add_typer(group, name="nlu")


def train(config: ConfigOption = None) -> None:
    """Train the default engine from content and keep it in the cache."""
    from time import perf_counter

    import nlu

    settings = settings_from(config)
    content = load_or_fail(None)
    start = perf_counter()
    with err.status("training"):
        nlu.load(content, cache_dir=settings.nlu.cache)
    out.print(f"{len(content.intents)} intents, {perf_counter() - start:.1f} s, {settings.nlu.cache}", highlight=False)


def parse(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Read one text per line and write how it is understood."""
    import json as codec

    from bot.commands.describe import describe_understanding
    from bot.understanding import Engines

    settings = settings_from(config)
    engine = Engines(settings.nlu).of(load_or_fail(None))
    day = today().isoformat()
    for line in sys.stdin:
        text = line.rstrip("\n")
        heard = engine.understand(text, today=day)
        shown: dict[str, Any] = {"text": text, **(describe_understanding(heard) or {})}
        shown["ranking"] = [{"intent": intent, "confidence": round(score, 4)} for intent, score in heard.ranking]
        if json:
            print(codec.dumps(shown, ensure_ascii=False), flush=True)
        else:
            found = ", ".join(f"{e.kind}={e.value}" for e in heard.entities)
            out.print(
                f"{heard.intent or '?':<28} {heard.confidence:.2f}  {text}  {found}", markup=False, highlight=False
            )


def evaluate(
    file: Annotated[Path, typer.Argument(help="JSON lines of {text, intent}.")],
    config: ConfigOption = None,
    json: JsonOption = False,
    write_baseline: Annotated[Path | None, typer.Option(help="Keep the figures here for CI to compare with.")] = None,
) -> None:
    """Accuracy, macro-F1, per-intent table, coverage and accuracy at the abstention threshold."""
    from bot.commands.evaluation import show
    from bot.understanding import Engines
    from nlu.evaluate import RowBroken, judge, report, rows

    settings = settings_from(config)
    try:
        labelled = rows(file)
    except RowBroken as wrong:
        fail(f'{file}: {wrong}; a line is {{"text": …, "intent": …}}.')
    except (OSError, UnicodeDecodeError) as wrong:
        fail(f"{file}: can't be read ({type(wrong).__name__}).")
    if not labelled:
        fail(f"{file}: no sentences.")
    engine = Engines(settings.nlu).of(load_or_fail(None))
    with err.status("evaluating"):
        measured = report(judge(engine, labelled, today=today().isoformat()))
    if write_baseline is not None:
        from nlu.baseline import write

        write(measured, write_baseline)
    if json:
        print(measured.to_json())
    else:
        show(measured, out)


def answer(
    kind: Annotated[str, typer.Argument(help="name, nik, birth_date, occupation, income, phone, village, …")],
    json: JsonOption = False,
) -> None:
    """Read one form answer per line and write its normalised value, or the question to ask back."""
    import json as codec

    from nlu.answers import KINDS, read_answer

    if kind not in KINDS:
        fail(f'"{kind}" is not a kind of answer. Known: {", ".join(sorted(KINDS))}.')
    content, day = load_or_fail(None), today()
    for line in sys.stdin:
        read = read_answer(kind, line.rstrip("\n"), content=content, today=day)
        shown = {"text": read.text, "value": read.value, "ok": read.ok, "ask": read.ask}
        if json:
            print(codec.dumps(shown, ensure_ascii=False), flush=True)
        else:
            out.print(f"{'ok ' if read.ok else 'ask'} {read.value if read.ok else read.ask}", markup=False)


def export_rasa(
    folder: Annotated[Path, typer.Argument(help="Where to write the Rasa project.")],
    as_written: Annotated[
        bool, typer.Option(help="Keep people's own spelling; the bot asks Rasa in standard.")
    ] = False,
) -> None:
    """Write a complete Rasa 3.6 project made from content."""
    from nlu.examples import sentences, vocabulary
    from nlu.export import export_rasa as write
    from nlu.normalise import Normaliser

    content = load_or_fail(None)
    normaliser = Normaliser(content.lexicon, vocabulary(text for text, _ in sentences(content.intents)))
    write(content, folder, normaliser=None if as_written else normaliser)
    out.print(str(folder))
