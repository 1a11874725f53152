"""What content must prove before it is said. Each rule has a name and one Indonesian sentence.

`must_hold` is what `content.load` insists on: without it a conversation would break or an amount would be wrong.
`every_rule` adds how it reads, what nobody uses, and what code must know.
"""

from __future__ import annotations

from datetime import date

from content.checks.cards import cards
from content.checks.facts import facts, reading_dates
from content.checks.flows import flows
from content.checks.intents import intents
from content.checks.known import Known
from content.checks.language import language
from content.checks.references import references
from content.checks.replies import replies
from content.checks.unused import unused
from content.reading.draft import Draft

__all__ = ["Known", "every_rule", "must_hold"]


def must_hold(draft: Draft) -> None:
    """Names that lead somewhere, facts that can be trusted, replies a chat can show, flows that end."""
    if draft.unread:
        return
    references(draft)
    facts(draft)
    replies(draft, None)
    cards(draft)
    flows(draft, Known())


def every_rule(draft: Draft, day: date | None, known: Known) -> None:
    """All rules. Without a day, rules about today are left out.

    When a file could not be read at all, that is said alone: whatever named its content would only add noise.
    """
    if draft.unread:
        return
    references(draft)
    facts(draft)
    if day is not None:
        reading_dates(draft, day)
    replies(draft, day)
    cards(draft)
    language(draft, day)
    flows(draft, known)
    intents(draft)
    if known.names is not None:
        unused(draft, known.names)
