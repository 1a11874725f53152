"""What `rangkul chat --json` says happened can be written as JSON, whatever happened."""

from __future__ import annotations

import json
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.commands.describe import describe_event
from flows.contact import Occurrence, ReminderPlan
from flows.events import GatheringMade, ProfileLearned, ReminderPlanned
from flows.gathering import ForWhom, GatheringDraft, GatheringKind

DAY = date(2026, 12, 10)
PLAN = ReminderPlan(10, 8, next=Occurrence(DAY, DAY.replace(day=1), DAY))
STARTS = datetime(2026, 12, 5, 9, tzinfo=ZoneInfo("Asia/Jakarta"))
DRAFT = GatheringDraft(
    GatheringKind.SOSIALISASI, "Sosialisasi", "Balai desa", STARTS, "00.00.00.0001", None, None, ForWhom.VILLAGE, 120
)


@pytest.mark.parametrize("event", [ReminderPlanned(PLAN), GatheringMade(DRAFT), ProfileLearned(phone="+6281200000011")])
def test_every_field_is_a_plain_value(event):
    shown = json.loads(json.dumps(describe_event(event)))
    assert "+6281200000011" not in json.dumps(shown)
    if isinstance(event, ReminderPlanned):
        assert (shown["plan"]["day"], shown["plan"]["next"]["on"]) == (10, "2026-12-10")
