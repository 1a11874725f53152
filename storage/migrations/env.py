"""Alembic's entry: migrates on the connection that `storage.database.migrate` opened, in its transaction."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Enum

from storage.columns import UtcDateTime
from storage.sealed import SealedJson, SealedText
from storage.tables import METADATA


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write migrations in plain SQLAlchemy types, so that they never change when our own types do."""
    del autogen
    if kind != "type":
        return False
    match item:
        case UtcDateTime():
            return "sa.DateTime(timezone=True)"
        case SealedText() | SealedJson():
            return "sa.LargeBinary()"
        case Enum():
            return f"sa.String({item.length})"
        case _:
            return False


if context.config.attributes.get("connection") is not None:
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=METADATA,
        render_as_batch=True,  # SQLite changes a table by copying it
        transactional_ddl=True,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()
