"""What console and command line share before an announcement leaves: its words, its forecast, who has to agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from content import Content
from flows.outreach.audience import Forecast, Target, add_up, asks_approval, asleep, leaving, speeds_on
from flows.outreach.sending_policy import SendingRules
from flows.outreach.wordings import announced, fills_a_blank, wording
from storage.broadcasts import Broadcast, Draft
from storage.database import Store

#: An announcement longer than this is not read on a phone.
LONGEST_TEXT = 400


class NotSayable(ValueError):
    """The words can't be sent like this; `args[0]` is the slot that is missing or doesn't fit."""


def compose(
    content: Content, wording_id: str | None, words: Mapping[str, str], target: Target, now: datetime, *, staff: int
) -> Draft:
    """A draft by staff, from reviewed words and what fills their blanks, or from `isi_siaran` alone.

    Raises:
        NotSayable: a blank is empty or doesn't fit, or there are no words, or too many.
    """
    chosen = wording(content, wording_id)
    names = chosen.blanks if chosen else ("isi_siaran",)
    for name in names:
        text = words.get(name, "").strip()
        fits = fills_a_blank(content, text) if chosen else 0 < len(text) <= LONGEST_TEXT
        if not fits:
            raise NotSayable(name)
    slots = {name: words[name].strip() for name in names} | {"desa": words["desa"]}
    rendered = announced(content, chosen.id if chosen else None, slots, now.date(), staff=True)
    return Draft(
        target, rendered.text, rendered.reply, content.version, slots, reviewed=chosen is not None, by_staff=staff
    )


def illustrated(draft: Draft, picture_id: int) -> Draft:
    """The draft with a picture. A picture can say anything, so even reviewed words then wait for a second person."""
    return replace(draft, picture_id=picture_id, reviewed=False)


def forecast_of(store: Store, content: Content, broadcast: Broadcast, now: datetime, rules: SendingRules) -> Forecast:
    """What the announcement would do if it left now."""
    when = leaving(content.lexicon, broadcast.reply, now, rules)
    groups = store.broadcasts.groups(broadcast.target, when, without=broadcast.made_by_contact)
    resting = asleep({group.zone for group in groups}, now, rules)
    tiers = {route: store.settings.get(f"tier:{route}"[:60]) or "" for route in {group.route for group in groups}}
    return add_up(groups, resting, speeds_on(content.lexicon, now.date()), tiers)


def needs_approval(broadcast: Broadcast, forecast: Forecast, rules: SendingRules) -> bool:
    """Whether somebody else has to agree to what staff made: reviewed words to one village leave at once."""
    target = broadcast.target
    return asks_approval(target, target.village, reviewed=broadcast.reviewed, will=forecast.will, rules=rules)
