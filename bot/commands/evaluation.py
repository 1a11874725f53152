"""An NLU report as tables in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from nlu.evaluate import Interval, Report

_CONFUSIONS = 20


def show(report: Report, out: Console) -> None:
    """All figures of an evaluation."""
    out.print(f"sentences                {report.sentences}", highlight=False)
    out.print(f"accuracy                 {_interval(report.accuracy)}", highlight=False)
    out.print(f"macro-F1                 {_interval(report.macro_f1)}", highlight=False)
    out.print(f"right in the first three {report.top_3:.3f}", highlight=False)
    out.print(f"calibration error        {report.ece:.3f}", highlight=False)
    out.print(f"answered                 {report.coverage:.3f}", highlight=False)
    out.print(f"right when answering     {report.accuracy_when_answering:.3f}", highlight=False)
    out.print(f"good ones turned away    {report.good_turned_away:.3f}", highlight=False)
    out.print(f"good ones asked again    {report.good_asked_back:.3f}", highlight=False)
    if report.near_caught is not None:
        out.print(f"near out of scope caught {report.near_caught:.3f}", highlight=False)
    if report.out_of_scope_caught is not None:
        out.print(f"out of scope caught      {report.out_of_scope_caught:.3f}", highlight=False)
    table = Table("intent", "sentences", "precision", "recall", "F1")
    for row in report.intents:
        table.add_row(row.intent, str(row.sentences), f"{row.precision:.2f}", f"{row.recall:.2f}", f"{row.f1:.2f}")
    out.print(table)
    confusions = Table("is", "heard as", "times")
    for truth, guess, times in report.confusions[:_CONFUSIONS]:
        confusions.add_row(truth, guess, str(times))
    out.print(confusions)
    curve = Table("threshold", "answered", "right when answering")
    for threshold, coverage, accuracy in report.curve:
        curve.add_row(f"{threshold:.2f}", f"{coverage:.3f}", f"{accuracy:.3f}")
    out.print(curve)


def _interval(figure: Interval) -> str:
    return f"{figure.value:.3f}  (95 %: {figure.low:.3f} to {figure.high:.3f})"
