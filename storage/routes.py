"""The account a message leaves by, as one word: "telegram/700000001". Queues and rates are per route."""

from __future__ import annotations

from sqlalchemy import ColumnElement, String, literal_column, type_coerce

from flows.contact import Channel
from storage.tables import ADDRESS

#: A message to nobody we can reach: it is claimed all the same, so that it gets its outcome.
NOWHERE = ""


def route_of(channel: Channel, account: str) -> str:
    """The route of a channel's account."""
    return f"{channel.value}/{account}"


def address_route() -> ColumnElement[str]:
    """The route of a row of `address`, in SQL."""
    return type_coerce(ADDRESS.c.channel, String) + literal_column("'/'", String) + ADDRESS.c.account
