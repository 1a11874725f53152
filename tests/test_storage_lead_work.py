"""Whose leads are whose, what is late, and what may be double: on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from storage_fixtures import NOW, VILLAGE
from test_storage_plans import full_scans

from flows.contact import LeadState
from flows.events import LeadSubmitted
from storage.lead_work import Twins, Work
from storage.repository import NotFound
from storage.territories import Freed
from storage.words import DuplicateOf, NoticeKind, UploadState

LIMITS = {LeadState.NEW: timedelta(days=2), LeadState.CONTACTED: timedelta(days=5)}


def lead(db, contact: int, number: str, at=NOW, **fields) -> int:
    form = {"nama": "Sari", "desa": {"code": VILLAGE.code}, **fields}
    with db.transaction() as store:
        store.leads.submit(contact, LeadSubmitted(number, form, "persetujuan-v1"), at)
        found = store.leads.find(number)
    assert found is not None
    return found.id


def staff(db, login: str) -> int:
    with db.transaction() as store:
        return store.staff.add(login, login, "x" * 12, NOW)


def assigned(db, lead_id: int) -> int | None:
    with db.reading() as store:
        return store.leads.get(lead_id).assigned_to


def test_a_new_lead_goes_to_whom_the_smallest_piece_of_the_tree_belongs(db, people):
    contact, _ = people.make()
    province, village = staff(db, "provinsi"), staff(db, "desa")
    with db.transaction() as store:
        store.territories.give(VILLAGE.code[:2], province)
        store.territories.give(VILLAGE.code, village)
    assert assigned(db, lead(db, contact, "RK-1")) == village
    with db.transaction() as store:
        store.territories.take(VILLAGE.code)
    assert assigned(db, lead(db, contact, "RK-2")) == province


def test_giving_a_territory_gives_its_open_leads_that_are_nobodys(db, people):
    contact, _ = people.make()
    open_one, closed, elsewhere = (lead(db, contact, number) for number in ("RK-1", "RK-2", "RK-3"))
    ratna, budi = staff(db, "ratna"), staff(db, "budi")
    with db.transaction() as store:
        store.leads.move(closed, LeadState.CLOSED, "ratna", NOW)
        store.leads.assign(elsewhere, budi)
        assert store.territories.give(VILLAGE.code[:8], ratna) == 1
    assert [assigned(db, one) for one in (open_one, closed, elsewhere)] == [ratna, None, budi]
    with db.transaction() as store:
        assert store.territories.release(ratna) == Freed(1, 0)
        assert store.territories.all() == []
    assert assigned(db, open_one) is None


def test_the_leads_of_who_leaves_go_back_to_the_larger_territory(db, people):
    """As `storage_fixtures` has it, the village lies in 00.00.00: its kecamatan is somebody else's."""
    contact, _ = people.make()
    ratna, budi = staff(db, "ratna"), staff(db, "budi")
    with db.transaction() as store:
        store.territories.give(VILLAGE.code[:8], budi)
        store.territories.give(VILLAGE.code, ratna)
    mine, placeless, done = lead(db, contact, "RK-1"), lead(db, contact, "RK-2", desa=None), lead(db, contact, "RK-3")
    with db.transaction() as store:
        store.leads.assign(placeless, ratna)
        store.leads.move(done, LeadState.CLOSED, "ratna", NOW, tell=False)
        store.staff.disable("ratna", NOW)
        assert store.territories.release(ratna) == Freed(2, 1)
    assert [assigned(db, each) for each in (mine, placeless, done)] == [budi, None, ratna]


def test_a_disabled_user_gets_no_new_leads(db, people):
    contact, _ = people.make()
    ratna = staff(db, "ratna")
    with db.transaction() as store:
        store.territories.give(VILLAGE.code[:5], ratna)
        store.staff.disable("ratna", NOW)
    assert assigned(db, lead(db, contact, "RK-1")) is None


def test_the_longest_overdue_comes_first_and_a_move_gives_new_time(db, people):
    contact, _ = people.make()
    old = lead(db, contact, "RK-1", NOW - timedelta(days=9))
    older = lead(db, contact, "RK-2", NOW - timedelta(days=10))
    lead(db, contact, "RK-3", NOW - timedelta(days=1))
    with db.transaction() as store:
        assert store.lead_work.late(LIMITS, NOW, Work()) == [older, old]
        assert store.lead_work.late_count(LIMITS, NOW, Work()) == 2
        store.leads.move(older, LeadState.CONTACTED, "ratna", NOW)
        assert store.lead_work.late(LIMITS, NOW, Work()) == [old]
        assert store.lead_work.late(LIMITS, NOW + timedelta(days=6), Work())[-1] == older


def test_late_work_can_be_narrowed_to_ones_own_to_nobodys_and_to_a_village(db, people):
    contact, _ = people.make()
    mine, nobodys = (lead(db, contact, number, NOW - timedelta(days=9)) for number in ("RK-1", "RK-2"))
    ratna = staff(db, "ratna")
    with db.transaction() as store:
        store.leads.assign(mine, ratna)
        for work, found in (
            (Work(assigned_to=ratna), [mine]),
            (Work(nobodys=True), [nobodys]),
            (Work(village=VILLAGE.code), [mine, nobodys]),
            (Work(village="00.00.00.0009"), []),
        ):
            assert store.lead_work.late(LIMITS, NOW, work) == found


def test_twins_are_listed_until_they_are_merged_or_told_apart(db, people):
    contact, _ = people.make()
    first = lead(db, contact, "RK-1", nik="0000014203900001")
    second = lead(db, contact, "RK-2", nik="0000014203900001")
    third = lead(db, contact, "RK-3", nik="0000014203900001")
    with db.transaction() as store:
        assert store.leads.get(second).duplicate_by is DuplicateOf.NIK
        assert store.lead_work.twins() == [Twins(third, first), Twins(second, first)]
        store.leads.tell_apart(third)
        store.leads.merge(first, second, "ratna", NOW)
        assert store.lead_work.twins() == []
        assert store.lead_work.twin_count() == 0


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ((LeadState.CONTACTED,), NoticeKind.LEAD_CONTACTED),
        ((LeadState.CONTACTED, LeadState.WAITING), NoticeKind.LEAD_WAITING),
        ((LeadState.CONTACTED, LeadState.HANDED_OVER), NoticeKind.LEAD_HANDED_OVER),
        ((LeadState.CONTACTED, LeadState.HANDED_OVER, LeadState.ACTIVE), NoticeKind.LEAD_ACTIVE),
        ((LeadState.CLOSED,), NoticeKind.LEAD_CLOSED),
    ],
)
def test_each_move_that_matters_leaves_a_notice_unless_staff_say_no(db, people, path, kind):
    contact, _ = people.make()
    told, untold = lead(db, contact, "RK-1"), lead(db, contact, "RK-2")
    with db.transaction() as store:
        for state in path:
            store.leads.move(told, state, "ratna", NOW)
            store.leads.move(untold, state, "ratna", NOW, tell=False)
        assert [notice.payload["number"] for notice in store.notices.pending()] == ["RK-1"] * len(path)
        assert store.notices.pending()[-1].kind is kind


def test_an_upload_is_taken_once_and_then_only_its_counts_are_kept(db):
    ratna = staff(db, "ratna")
    with db.transaction() as store:
        upload = store.uploads.add(ratna, "warga.xlsx", "IK-1", b"PK...", NOW)
        store.uploads.finish(upload, UploadState.CHECKED, (2, 1, 0), ["A2: NIK"], b"rows")
        assert store.uploads.file(upload) == b"PK..."
        assert store.uploads.begin(upload, UploadState.TAKING, UploadState.CHECKED)
        assert not store.uploads.begin(upload, UploadState.TAKING, UploadState.CHECKED)
        store.uploads.finish(upload, UploadState.TAKEN, (2, 1, 0), [], b"rows")
        assert store.uploads.file(upload) is None
        assert store.uploads.errors(upload) == b"rows"
        assert store.uploads.get(upload).state is UploadState.TAKEN
        assert store.uploads.forget(NOW + timedelta(seconds=1)) == 1
        with pytest.raises(NotFound):
            store.uploads.get(upload)


def test_the_queues_of_staff_read_nothing_from_end_to_end(db, people):
    contact, _ = people.make()
    one = lead(db, contact, "RK-1", NOW - timedelta(days=9))
    ratna = staff(db, "ratna")

    def look(store):
        for work in (Work(), Work(assigned_to=ratna), Work(village=VILLAGE.code)):
            store.lead_work.late(LIMITS, NOW, work)
            store.lead_work.late_count(LIMITS, NOW, work)
        store.lead_work.twins()
        store.lead_work.twin_count()
        store.territories.owner_of(VILLAGE.code)
        store.leads.get(one)
        store.leads.moves(one)
        store.uploads.of(ratna)
        store.audit.recent(10, target=f"lead:{one}")

    assert full_scans(db, look) == []
