"""The content that people read has no problems, loads fast, and can all be said."""

from __future__ import annotations

from datetime import date

import pytest

import content
from content import Known, NotInForce
from content.preview import sample_slots
from flows.conversation.actions import ACTIONS

DAY = date(2026, 11, 21)


def test_no_problem_in_the_real_content() -> None:
    problems = content.check(day=DAY, known=Known(actions=frozenset(ACTIONS)))
    assert not problems, "\n" + "\n".join(str(problem) for problem in problems)


def test_every_reply_can_be_said_today() -> None:
    loaded = content.load()
    slots = sample_slots(loaded)
    for key in loaded.replies:
        try:
            text = loaded.render(key, DAY, slots).text
        except NotInForce as lapsed:
            pytest.fail(f"{key}: {lapsed}")
        assert text
        assert "{" not in text
