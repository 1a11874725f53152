"""An unfinished form is forgotten after the days the consent text promises; a submitted lead is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flows.contact import Channel
from flows.conversation.session import Session
from flows.events import LeadSubmitted

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
DRAFT = Session(flow="pendaftaran", step="nik", slots={"nama": "Sari (orang contoh)"}, updated_at=NOW)


def talked(store, external_id):
    contact_id, address_id = store.contacts.find_or_make(Channel.WEB, "local", external_id, NOW)
    store.inbox.record(Channel.WEB, "local", f"m-{external_id}", address_id, {"kind": "text", "text": "Sari"}, NOW)
    claimed = store.inbox.claim(NOW, timedelta(seconds=15))
    store.inbox.done(claimed)
    store.sessions.put(contact_id, DRAFT)
    return contact_id


@pytest.fixture
def both(db):
    with db.transaction() as store:
        drafting, finished = talked(store, "drafting"), talked(store, "finished")
        store.leads.submit(finished, LeadSubmitted("RK-CONTOH1", {"nama": "Tono"}, "persetujuan-v1"), NOW)
    return drafting, finished


def test_a_draft_is_kept_until_its_day(db, both):
    with db.transaction() as store:
        assert store.erasure.forget_drafts(NOW) == 0
        assert store.sessions.get(both[0]).step == "nik"


def test_a_draft_and_its_messages_are_forgotten_after_it(db, both):
    with db.transaction() as store:
        assert store.erasure.forget_drafts(NOW + timedelta(seconds=1)) == 2
        assert store.sessions.get(both[0]) == Session()
        assert [line.text for line in store.outbox.conversation(both[0])] == [""]


def test_who_submitted_keeps_the_conversation(db, both):
    with db.transaction() as store:
        store.erasure.forget_drafts(NOW + timedelta(seconds=1))
        assert [line.text for line in store.outbox.conversation(both[1])] == ["Sari"]
        assert store.leads.newest_of(both[1]).name == "Tono"
