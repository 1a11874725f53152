"""What platforms tell about our own accounts, for staff: a template refused, a number's quality, a limit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from flows.contact import Channel
from storage.repository import Repository
from storage.tables import ACCOUNT_NEWS


@dataclass(frozen=True, slots=True)
class NewsLine:
    """One piece of news, in the platform's words; `subject` is a template or number of ours."""

    channel: Channel
    kind: str
    subject: str
    state: str
    detail: str
    at: datetime


class AccountNews(Repository):
    """Keep and list."""

    __slots__ = ()

    def keep(self, account: str, news: NewsLine) -> None:
        """Write it down; a platform's word that is too long is cut."""
        row = {"channel": news.channel, "account": account, "kind": news.kind[:60], "subject": news.subject[:120]}
        row |= {"state": news.state[:60], "detail": news.detail[:60]}
        self._db.execute(ACCOUNT_NEWS.insert().values(row | {"at": news.at}))

    def newest(self, limit: int = 50) -> list[NewsLine]:
        """The last of it, newest first."""
        columns = (ACCOUNT_NEWS.c.channel, ACCOUNT_NEWS.c.kind, ACCOUNT_NEWS.c.subject, ACCOUNT_NEWS.c.state)
        query = select(*columns, ACCOUNT_NEWS.c.detail, ACCOUNT_NEWS.c.at)
        rows = self._db.execute(query.order_by(ACCOUNT_NEWS.c.at.desc(), ACCOUNT_NEWS.c.id.desc()).limit(limit))
        return [NewsLine(*row) for row in rows]
