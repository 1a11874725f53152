"""A village's year of reminders: whatever machine, clock and people do, each is sent once or rightly skipped."""

from __future__ import annotations

import os

import pytest
from world_fixtures import open_world

from bot.bench.year import NEW_YEAR, Year

#: RANGKUL_YEARS=50 plays fifty years instead of one.
SEEDS = range(int(os.environ.get("RANGKUL_YEARS", "1")))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_year_of_reminders(seed):
    with open_world(NEW_YEAR) as world:
        report = Year(world, seed, people=12).play()
    assert report.wrong == []
    assert report.sent > 60
    assert report.skipped.total() > 0
