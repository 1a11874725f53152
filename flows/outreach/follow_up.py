"""Asking people how they got on: with a form they left, with the officer who should have called. Each at most once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from flows.contact import LeadState


class FollowUp(StrEnum):
    """What we ask about."""

    UNFINISHED = "unfinished"
    CONTACTED = "contacted"


#: How long after it began each is asked: a form left half-way after a day and a week, a registration after a week.
AFTER: Mapping[FollowUp, tuple[timedelta, ...]] = {
    FollowUp.UNFINISHED: (timedelta(days=1), timedelta(days=7)),
    FollowUp.CONTACTED: (timedelta(days=7),),
}
REPLY: Mapping[FollowUp, str] = {
    FollowUp.UNFINISHED: "tindak_lanjut_daftar",
    FollowUp.CONTACTED: "tindak_lanjut_dihubungi",
}


def after(kind: FollowUp, stage: int) -> timedelta | None:
    """How long after the beginning the question of that stage is due; None when all were asked."""
    return AFTER[kind][stage] if stage < len(AFTER[kind]) else None


def still_asked(kind: FollowUp, lead: LeadState | None) -> bool:
    """Whether the question still makes sense: who was contacted already need not be asked whether they were."""
    return kind is not FollowUp.CONTACTED or lead is LeadState.NEW
