"""The command line of Rangkul. `rangkul --help` lists everything.

Commands import what they need when they are called, so that a small one starts fast.
"""

from __future__ import annotations

import typer

from bot.commands import (
    bench_commands,
    broadcast_commands,
    channel_commands,
    content_commands,
    event_commands,
    nlu_commands,
    privacy_commands,
    reminder_commands,
    run_commands,
    staff_commands,
    talk_commands,
)
from bot.log import keep_words_out_of_crashes

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Rangkul: outreach chatbot in Bahasa Indonesia for BPJS Ketenagakerjaan branches and their villages.",
)
for part in (
    run_commands,
    talk_commands,
    content_commands,
    nlu_commands,
    staff_commands,
    broadcast_commands,
    event_commands,
    reminder_commands,
    privacy_commands,
    channel_commands,
    bench_commands,
):
    part.register(app)


def main() -> None:
    """Run the command line."""
    keep_words_out_of_crashes()
    app()


if __name__ == "__main__":
    main()
