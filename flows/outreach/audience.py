"""Whom an announcement is for, and what to expect of it before it leaves. Pure; storage counts, this adds up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from flows.contact import Channel, Contact, Village
from flows.outreach.sending_policy import COUNTED, SendingRules, next_polite

#: The window is taken to close a moment early, as the sender takes it.
_WINDOW_MARGIN = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Target:
    """Who is meant. Within a list any may hold, between lists all must; an empty list asks for nothing.

    `areas` are Kemendagri codes of any level: "32" is West Java, "32.01.01.2001" one village. The last lead of a
    person tells occupation, sector, programmes ("2" or "3") and state. `neighbourhoods` are "3/2" (RT 3 of RW 2) or
    "/2" (all of RW 2), of those of whom it is known, as is a language ("jv").
    """

    areas: tuple[str, ...] = ()
    occupations: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    lead_states: tuple[str, ...] = ()
    heard_within_days: int | None = None
    silent_for_days: int | None = None
    neighbourhoods: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As rows keep it: only what was asked for."""
        known = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in known.items() if value}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Back again; what an older row does not know is not asked for."""
        names = {one.name for one in fields(cls)}
        known: dict[str, Any] = {name: value for name, value in raw.items() if name in names}
        lists = {name: tuple(value) for name, value in known.items() if isinstance(value, list)}
        return cls(**{**known, **lists})

    @property
    def village(self) -> str | None:
        """The one village this is for, if it is for one."""
        one = self.areas[0] if len(self.areas) == 1 else ""
        return one if one.count(".") == VILLAGE_DOTS else None


#: A village's code has four parts.
VILLAGE_DOTS = 3


_PLAIN = re.compile(r"(?:0*([1-9]\d{0,2}))?\s*/\s*0*([1-9]\d{0,2})")
_RT = re.compile(r"\bRT\W*0*([1-9]\d{0,2})\b", re.IGNORECASE)
_RW = re.compile(r"\bRW\W*0*([1-9]\d{0,2})\b", re.IGNORECASE)


def read_neighbourhood(text: str) -> str | None:
    """What is typed as "RT 03/RW 02" or "3/2" is "3/2", "RW 2" is "/2"; None for anything else."""
    plain = _PLAIN.fullmatch(text.strip())
    if plain:
        return f"{plain[1] or ''}/{plain[2]}"
    rt, rw = _RT.search(text), _RW.search(text)
    return f"{rt[1] if rt else ''}/{rw[1]}" if rw else None


@dataclass(frozen=True, slots=True)
class Leaving:
    """What decides, beside consent, who is left out at the moment an announcement is frozen.

    Who had `most` unasked messages since `counted_since` (0: no limit) has no room before it would be too late.
    `templates`: whether a template says the same to people who have not written for a day.
    """

    now: datetime
    most: int
    counted_since: datetime
    window: timedelta
    templates: bool

    @property
    def open_since(self) -> datetime:
        """Who wrote after this may be sent anything."""
        return self.now - self.window + _WINDOW_MARGIN


@dataclass(frozen=True, slots=True)
class Group:
    """So many people in the same case. `reason` is None for those who will get it; `route` is "" for no address."""

    route: str
    zone: str | None
    reason: str | None
    window_open: bool
    people: int


@dataclass(frozen=True, slots=True)
class Speed:
    """What a platform allows an account on a day."""

    per_second: float
    tiers: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RouteForecast:
    """One account's part: how many leave by it, of them by template, in how many seconds, and its tier's share.

    `tier` is how many new people a day the account may write to (None: no limit); `days` is how long that takes.
    """

    route: str
    people: int
    by_template: int
    seconds: float
    tier: int | None
    days: int

    @property
    def tier_share(self) -> float | None:
        """Part of one day's tier that this uses, 1.0 being all of it."""
        return None if self.tier is None else self.by_template / max(self.tier, 1)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an announcement would do if it left now."""

    will: int
    wont: Mapping[str, int]
    routes: tuple[RouteForecast, ...]
    waits: int

    @property
    def seconds(self) -> float:
        """Accounts send side by side; the slowest decides."""
        return max((one.seconds for one in self.routes), default=0.0)


def add_up(
    groups: Iterable[Group], resting: Mapping[str, bool], speeds: Mapping[str, Speed], tiers: Mapping[str, str]
) -> Forecast:
    """The forecast of these groups.

    Args:
        groups: as storage counted them.
        resting: zone name -> whether it is outside sending hours there now ("" for people without a village).
        speeds: channel name -> what it allows; a channel that is not named has no limit.
        tiers: route -> name of the account's tier, as the platform told it last.
    """
    will: dict[str, int] = {}
    templates: dict[str, int] = {}
    wont: dict[str, int] = {}
    waits = 0
    for group in groups:
        if group.reason is not None:
            wont[group.reason] = wont.get(group.reason, 0) + group.people
            continue
        will[group.route] = will.get(group.route, 0) + group.people
        templates[group.route] = templates.get(group.route, 0) + (0 if group.window_open else group.people)
        waits += group.people if resting.get(group.zone or "", False) else 0
    routes = tuple(_route(name, will[name], templates[name], speeds, tiers) for name in sorted(will))
    return Forecast(sum(will.values()), wont, routes, waits)


def _route(
    route: str, people: int, by_template: int, speeds: Mapping[str, Speed], tiers: Mapping[str, str]
) -> RouteForecast:
    speed = speeds.get(route.partition("/")[0])
    if speed is None:
        return RouteForecast(route, people, 0, 0.0, None, 0)
    smallest = min((name for name in speed.tiers), key=lambda name: _most(speed.tiers[name]), default="")
    tier = speed.tiers.get(tiers.get(route) or smallest)
    days = -(-by_template // tier) - 1 if tier and by_template else 0
    return RouteForecast(route, people, by_template, people / speed.per_second, tier, max(days, 0))


def _most(people: int | None) -> float:
    return float("inf") if people is None else people


def speeds_on(lexicon: Mapping[str, Any], day: date) -> dict[str, Speed]:
    """What the platforms allow on that day, out of content."""
    found: dict[str, Speed] = {}
    for channel, stem in ((Channel.TELEGRAM, "telegram_limits"), (Channel.WHATSAPP, "whatsapp_limits")):
        entries = [entry for entry in lexicon[stem]["limits"] if date.fromisoformat(entry["from"]) <= day]
        entry = max(entries, key=lambda entry: date.fromisoformat(entry["from"]))
        tiers = {name: int(most) if most.isdecimal() else None for name, most in entry.get("tiers", {}).items()}
        found[channel] = Speed(float(entry["per_second"]), tiers)
    return found


def window_on(lexicon: Mapping[str, Any], day: date) -> timedelta:
    """How long after a person's message WhatsApp lets us write freely."""
    entries = [entry for entry in lexicon["whatsapp_limits"]["limits"] if date.fromisoformat(entry["from"]) <= day]
    return timedelta(hours=float(max(entries, key=lambda entry: date.fromisoformat(entry["from"]))["window_hours"]))


def leaving(lexicon: Mapping[str, Any], reply: str | None, now: datetime, rules: SendingRules) -> Leaving:
    """What decides at this moment for an announcement in the words of this reply."""
    templates = reply in lexicon["whatsapp_templates"]["replies"]
    since = now - COUNTED + rules.broadcast_too_late_after
    return Leaving(now, rules.most_a_week, since, window_on(lexicon, now.date()), templates)


def asleep(zones: Iterable[str | None], now: datetime, rules: SendingRules) -> dict[str, bool]:
    """Zone -> whether it is night, Friday prayer or a holiday there now; "" stands for people without a village."""
    found: dict[str, bool] = {}
    for zone in zones:
        village = Village("", "", "", ZoneInfo(zone)) if zone else None
        who = Contact(id=0, channel=Channel.TERMINAL, village=village)
        found[zone or ""] = next_polite(who, now, rules) is not None
    return found


def asks_approval(target: Target, own_village: str | None, *, reviewed: bool, will: int, rules: SendingRules) -> bool:
    """Whether a second person has to agree: not for reviewed words, to one's own village, to no more than a limit."""
    home = own_village is not None and target.areas == (own_village,)
    return not (reviewed and home and will <= rules.most_without_approval)
