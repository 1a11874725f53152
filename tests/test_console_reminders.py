"""Reminders in the console: what staff read of them, and holding back, letting go on and stopping, each on record."""

from __future__ import annotations

from datetime import timedelta

import pytest
from console_site import HERE, NOW, THERE, Site, send, site

from flows.contact import ReminderPlan
from flows.outreach.follow_up import FollowUp
from flows.outreach.sending_policy import Kind
from storage.words import OutboxState, ReminderState, StaffRole

__all__ = ["site"]


def _reminded(site: Site, name: str = "Siti Aminah", village: str = HERE, hours: float = 2) -> int:
    """Somebody with a contribution reminder, numbered like the contact in these tests."""
    contact = site.contact(name, village)
    with site.database.transaction() as store:
        store.reminders.plan(contact, ReminderPlan(10, 8), NOW + timedelta(hours=hours))
    return contact


def _state(site: Site, number: int) -> ReminderState:
    with site.database.reading() as store:
        return next(one.state for one in store.reminders.listed(state=None) if one.id == number)


def test_no_reminders_are_told_kindly_and_the_list_shows_the_nearest_first_in_local_time(site: Site) -> None:
    client = site.signed_in()
    assert "Belum ada pengingat" in client.get("/konsol/pengingat").text
    _reminded(site, "Budi Contoh", THERE, hours=48)
    _reminded(site)
    with site.database.transaction() as store:
        store.reminders.follow_up(2, FollowUp.CONTACTED, NOW)
    page = client.get("/konsol/pengingat").text
    assert page.index("Siti Aminah") < page.index("Budi Contoh")
    assert "21 Nov 2026, 11.15 WIB" in page
    assert "23 Nov 2026, 10.15 WITA" in page
    assert "Sudah dihubungi petugas?" in page
    assert [line.action for line in site.record()][:1] == ["reminders_listed"]
    narrow = client.get("/konsol/pengingat", params={"dalam": "24", "jenis": "contribution"}).text
    assert ("Siti Aminah" in narrow, "Budi Contoh" in narrow, narrow.count('data-test="reminder"')) == (True, False, 1)
    assert "Siti Aminah" not in client.get("/konsol/pengingat", params={"desa": THERE}).text
    assert "dengan saringan ini" in client.get("/konsol/pengingat", params={"keadaan": "paused"}).text
    assert client.get("/konsol/pengingat?sesudah=besok~x&dalam=7&keadaan=apa").status_code == 200


def test_a_reminder_is_held_back_with_what_is_queued_goes_on_and_is_stopped(site: Site) -> None:
    client = site.signed_in()
    contact = _reminded(site)
    with site.database.transaction() as store:
        store.outbox.queue(contact, 1, Kind.REMINDER, "pengingat", NOW, reminder_id=1)
    told = send(client, "/konsol/pengingat/1/jeda").text
    assert "Pengingat dijeda." in told
    paused = client.get("/konsol/pengingat?keadaan=paused").text
    assert "oleh ratna, 21 Nov 2026, 09.15 WIB" in paused
    assert "pengingatnya sedang dijeda petugas" in paused
    with site.database.reading() as store:
        assert store.outbox.last_of_reminders([contact]) == {1: (OutboxState.SKIPPED, "reminder_paused")}
    assert "sudah berubah" in send(client, "/konsol/pengingat/1/jeda").text
    answer = send(client, "/konsol/pengingat/1/lanjut", {"kontak": str(contact)})
    assert answer.url.path == f"/konsol/kontak/{contact}"
    assert _state(site, 1) is ReminderState.WAITING
    send(client, "/konsol/pengingat/1/henti")
    assert _state(site, 1) is ReminderState.STOPPED
    assert "sudah berubah" in send(client, "/konsol/pengingat/1/lanjut").text
    acts = [(line.who, line.action, line.target) for line in site.audit()]
    assert acts == [("ratna", f"reminder_{to}", "reminder:1") for to in ("stopped", "waiting", "paused")]
    page = client.get(f"/konsol/kontak/{contact}").text
    assert "oleh ratna" in page
    assert 'data-test="reminder-lanjut"' not in page


def test_one_who_stopped_their_own_is_not_shown_as_stopped_by_staff(site: Site) -> None:
    contact = _reminded(site)
    with site.database.transaction() as store:
        store.reminders.stop(contact, NOW)
    assert "bukan oleh petugas" in site.signed_in().get("/konsol/pengingat?keadaan=stopped").text


@pytest.mark.parametrize("path", ["1/jeda", "1/henti", "1/apa"])
def test_a_reader_sees_reminders_and_changes_none(site: Site, path: str) -> None:
    _reminded(site)
    client = site.signed_in("dewi", StaffRole.READER)
    page = client.get("/konsol/pengingat").text
    assert "Siti Aminah" in page
    assert "data-confirm" not in page
    assert send(client, f"/konsol/pengingat/{path}").status_code == 404
    assert _state(site, 1) is ReminderState.WAITING


def test_the_next_page_goes_on_where_the_last_ended(site: Site) -> None:
    with site.database.transaction() as store:
        for number in range(60):
            contact, address = store.contacts.find_or_make("web", "main", f"banyak-{number}", NOW)
            store.reminders.plan(contact, ReminderPlan(10, 8), NOW + timedelta(hours=number // 20), address)
    client = site.signed_in()
    first = client.get("/konsol/pengingat").text
    assert first.count('data-test="reminder"') == 50
    rest = client.get(
        first.split('data-test="older"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    ).text
    assert rest.count('data-test="reminder"') == 10
    assert not set(_people(first)) & set(_people(rest))


def _people(page: str) -> list[str]:
    return [part.split('"')[0] for part in page.split('href="/konsol/kontak/')[1:]]
