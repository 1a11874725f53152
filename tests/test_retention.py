"""What people told us is forgotten after its time, class by class, and no sooner."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from storage_fixtures import NOW, VILLAGE
from test_storage_lead_work import lead

from bot.due import UPLOAD_STAYS
from content import load
from flows.contact import LeadState, Purpose
from flows.conversation.session import Session
from flows.gathering import FgdRole, GatheringDraft, GatheringKind
from flows.outreach.sending_policy import Kind
from storage.outcomes import Sent
from storage.retention import Limits

LIMITS = Limits(talk=timedelta(days=365), closed_leads=timedelta(days=730), puzzles=timedelta(days=90))
YEAR = timedelta(days=366)


def sweep(db, now) -> int:
    with db.transaction() as store:
        return store.retention.sweep(LIMITS, now)


def spoken(db, contact) -> list[str]:
    with db.reading() as store:
        return [line.text for line in store.outbox.conversation(contact, 10)]


def test_messages_are_blanked_after_a_year_and_newer_ones_stay(db, people):
    people.write("sari", "halo", "m1")
    contact, address = people.make("sari")
    with db.transaction() as store:
        store.inbox.done(store.inbox.claim(NOW, timedelta(minutes=1)))
        queued = store.outbox.queue(contact, address, Kind.REPLY, "Halo juga.", NOW)
        store.outbox.claim(NOW, 10, timedelta(minutes=1), "w1")
        store.outbox.settle(queued, Sent("x1", NOW))
        store.outbox.queue(contact, address, Kind.REPLY, "Baru saja.", NOW + YEAR)
    assert sweep(db, NOW + timedelta(days=300)) == 0
    assert sweep(db, NOW + YEAR) == 2
    assert spoken(db, contact) == ["", "", "Baru saja."]
    assert sweep(db, NOW + YEAR) == 0


def test_a_message_on_its_way_is_left_alone(db, people):
    contact, address = people.make("sari")
    with db.transaction() as store:
        store.outbox.queue(contact, address, Kind.REPLY, "Belum terkirim.", NOW)
    assert sweep(db, NOW + YEAR) == 0
    assert spoken(db, contact) == ["Belum terkirim."]


def test_what_was_not_understood_goes_after_ninety_days(db, people):
    contact, _ = people.make("sari")
    with db.transaction() as store:
        store.not_understood.add(contact, "wkwk", [], NOW)
    assert sweep(db, NOW + timedelta(days=89)) == 0
    assert sweep(db, NOW + timedelta(days=91)) == 1
    with db.reading() as store:
        assert not store.not_understood.recent(10)[0].text


def test_a_closed_lead_loses_its_form_after_two_years_and_an_open_one_never(db, people):
    contact, _ = people.make("sari", village=VILLAGE.code)
    closed, kept = lead(db, contact, "RK-1", nik="0000014203909901"), lead(db, contact, "RK-2")
    with db.transaction() as store:
        store.leads.move(closed, LeadState.CLOSED, "ratna", NOW, "pindah rumah", tell=False)
    assert sweep(db, NOW + timedelta(days=729)) == 0
    assert sweep(db, NOW + timedelta(days=731)) == 1
    assert sweep(db, NOW + timedelta(days=731)) == 0
    with db.reading() as store:
        assert store.leads.get(closed).fields == {}
        assert store.leads.get(closed).number == "RK-1"
        assert store.leads.moves(closed)[0].note is None
        assert store.leads.get(kept).fields["nama"] == "Sari"


def test_the_days_of_the_documents_are_those_of_the_policy():
    policy = load().lexicon["kebijakan"]
    table = (Path(__file__).parent.parent / "docs" / "privacy.md").read_text("utf-8")
    told = dict(re.findall(r"`(hari_\w+)`\) \| (\d+) days", table))
    assert told == {name: str(days) for name, days in policy.items() if name.startswith("hari_")}
    assert timedelta(hours=24) == UPLOAD_STAYS
    assert "| 24 hours;" in table


def test_an_unfinished_form_is_forgotten_with_its_words_and_a_submitted_one_stays(db, people):
    people.write("sari", "nama saya Sari", "m1")
    drafter, _ = people.make("sari")
    member, _ = people.make("tuti")
    lead(db, member, "RK-2")
    with db.transaction() as store:
        store.inbox.done(store.inbox.claim(NOW, timedelta(minutes=1)))
        for contact in (drafter, member):
            store.sessions.put(contact, Session(flow="pendaftaran", step="nik", slots={"nama": "S"}, updated_at=NOW))
        assert store.erasure.forget_drafts(NOW - timedelta(minutes=1)) == 0
        assert store.erasure.forget_drafts(NOW + timedelta(minutes=1)) == 2
    with db.reading() as store:
        assert store.sessions.get(drafter).slots == {}
        assert store.leads.find("RK-2").name == "Sari"
    assert spoken(db, drafter) == [""]


def test_what_was_said_in_a_discussion_goes_with_the_talk(db, people):
    contact, _ = people.make("sari", village=VILLAGE.code, agrees=(Purpose.ANNOUNCEMENTS,))
    draft = GatheringDraft(GatheringKind.FGD, "Diskusi", "Balai desa", NOW + timedelta(days=1), VILLAGE.code)
    with db.transaction() as store:
        gathering = store.gatherings.make(draft, "1007", NOW)
        store.gatherings.say_input(gathering, contact, FgdRole.WORKER, {"tanya_fgd": "Iuran mahal."}, NOW)
    assert sweep(db, NOW + timedelta(days=300)) == 0
    assert sweep(db, NOW + YEAR) == 1
    with db.reading() as store:
        assert [said.answer for said in store.gatherings.inputs(gathering)] == [None]


def test_a_sweep_that_finds_nothing_writes_nothing_for_an_hour(db):
    sweep(db, NOW)
    noted = []
    for minutes in (0, 1, 59, 61):
        sweep(db, NOW + timedelta(minutes=minutes))
        with db.reading() as store:
            noted.append(store.settings.get("retention.lead"))
    assert len(set(noted[:3])) == 1
    assert noted[3] != noted[0]
