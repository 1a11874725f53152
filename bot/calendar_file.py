"""A gathering as a calendar file (RFC 5545) that phones open: title, place, begin and end, and whether it is off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from icalendar import Alarm, Calendar, Event

from flows.gathering import GatheringState
from storage.gatherings import Gathering


def calendar_file(gathering: Gathering, token: str, now: datetime) -> bytes:
    """The file. The same gathering keeps its id, so that opening it again after a change replaces the old entry."""
    calendar, event = Calendar(), Event()
    calendar.add("prodid", "-//Rangkul//ID")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    event.add("uid", f"{token}@rangkul")
    event.add("dtstamp", now.astimezone(UTC))
    event.add("sequence", gathering.revision)
    event.add("dtstart", gathering.starts_at.astimezone(UTC))  # phones show it in their own zone
    event.add("dtend", gathering.ends_at.astimezone(UTC))
    event.add("summary", gathering.title)
    event.add("location", gathering.place)
    if gathering.map_link:
        event.add("url", gathering.map_link)
    event.add("status", "CANCELLED" if gathering.state is GatheringState.CANCELLED else "CONFIRMED")
    event.add_component(_alarm(gathering.title))
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _alarm(title: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", title)
    alarm.add("trigger", timedelta(hours=-2))
    return alarm
