"""Gatherings as staff, phones and scripts meet them: console pages, the calendar file, the command line."""

from __future__ import annotations

import asyncio
import io
import json
import re
from datetime import timedelta

import httpx
import icalendar
import segno
from console_site import HERE, NOW, Site, send, site
from openpyxl import load_workbook
from typer.testing import CliRunner
from world_fixtures import SATURDAY, make_world

from bot.__main__ import app
from bot.links import Links
from bot.server import make_chat, make_server
from bot.world import Person
from flows.contact import Channel, Purpose, Role
from flows.gathering import Attending, GatheringDraft, GatheringKind
from storage.words import StaffRole

__all__ = ["make_world", "site"]

FORM = {
    "kind": "donor_darah",
    "title": "=cmd|'/c calc'!A1",
    "place": "Balai desa",
    "village": HERE,
    "starts": "2030-12-05T09:00",
    "capacity": "30",
    "minutes": "",
    "map_link": "javascript:alert(1)",
    "for_whom": "warga",
}


def made(site: Site, client: httpx.Client) -> int:
    answer = send(client, "/konsol/acara/baru", FORM)
    assert answer.status_code == 200
    return int(answer.url.path.rpartition("/")[2])


def agreeing(site: Site, name: str) -> int:
    contact = site.contact(name)
    with site.database.transaction() as store:
        store.consents.give(contact, [Purpose.ANNOUNCEMENTS], "persetujuan-v1", NOW)
    return contact


def test_staff_make_a_gathering_invite_once_and_call_it_off(site: Site) -> None:
    client = site.signed_in()
    assert "Belum ada acara" in client.get("/konsol/acara").text
    agreeing(site, "Siti Aminah")
    site.contact("Joko")
    number = made(site, client)
    page = client.get(f"/konsol/acara/{number}").text
    assert "Akan diundang 1 orang. Tidak diundang 1 orang." in page
    assert "javascript:" not in page
    for _ in range(2):
        assert "Undangan dikirim" in send(client, f"/konsol/acara/{number}/undang").text
    with site.database.reading() as store:
        assert len(store.gatherings.to_tell(10)) == 1
        assert store.gatherings.get(number).map_link is None
    changed = send(client, f"/konsol/acara/{number}/ubah", {"place": "Lapangan", "starts": "", "capacity": ""})
    assert "Lapangan" in changed.text
    assert "belum benar" in send(client, f"/konsol/acara/{number}/ubah", {"starts": "2001-01-01T09:00"}).text
    assert "Acara dibatalkan" in send(client, f"/konsol/acara/{number}/batal").text
    assert "Tidak ada yang berubah" in send(client, f"/konsol/acara/{number}/batal").text


def test_a_form_with_a_mistake_comes_back_with_what_was_typed(site: Site) -> None:
    client = site.signed_in()
    for wrong in ({"village": "99.99"}, {"starts": "besok"}, {"title": ""}, {"starts": "2001-01-01T00:00"}):
        answer = send(client, "/konsol/acara/baru", {**FORM, **wrong})
        assert answer.status_code == 400
        assert "Balai desa" in answer.text


def test_the_attendance_list_is_safe_and_on_record(site: Site) -> None:
    client = site.signed_in()
    contact = agreeing(site, "=HYPERLINK(1)")
    number = made(site, client)
    send(client, f"/konsol/acara/{number}/undang")
    with site.database.transaction() as store:
        store.gatherings.answer(number, contact, Attending.COMING, NOW)
        store.gatherings.check_in(number, contact, NOW)
    book = load_workbook(io.BytesIO(send(client, f"/konsol/acara/{number}/hadir").content))
    row = next(iter(book.active.iter_rows(min_row=2)))
    assert [cell.value for cell in row[:3]] == [contact, "=HYPERLINK(1)", "ikut"]
    assert all(cell.data_type != "f" for cell in row)
    with site.database.reading() as store:
        assert "gathering_attendance" in [line.action for line in store.audit.recent(target=f"gathering:{number}")]
    code = client.get(f"/konsol/acara/{number}/kode.svg")
    assert code.headers["content-type"].startswith("image/svg")
    assert "<svg" in code.text
    dots = int(re.search(r'viewBox="0 0 (\d+)', code.text)[1]) if "viewBox" in code.text else 0
    side = dots or int(re.search(r'width="(\d+)"', code.text)[1]) // 8
    assert side >= 21 + 8, "a micro code is read by no phone's camera"


def test_the_door_has_a_code_for_each_platform_people_use_and_the_bare_words_where_there_is_none(site: Site) -> None:
    client = site.signed_in()
    number = made(site, client)
    send(client, f"/konsol/acara/{number}/undang")
    page = client.get(f"/konsol/acara/{number}").text
    assert re.findall(r"kode.svg\?lewat=(\w+)", page) == ["telegram", "whatsapp"]
    with site.database.reading() as store:
        door = store.gatherings.get(number).door
    held = {
        "telegram": f"https://t.me/RangkulBot?start=hadir-{door}",
        "whatsapp": f"https://wa.me/6281200000000?text=HADIR%20{door}",
        "web": f"HADIR {door}",
    }
    for platform, told in held.items():
        drawn = io.BytesIO()
        segno.make_qr(told, error="m").save(drawn, kind="svg", scale=8, border=4)
        assert client.get(f"/konsol/acara/{number}/kode.svg?lewat={platform}").content == drawn.getvalue(), platform
    site.addresses = Links()
    assert "lewat=" not in client.get(f"/konsol/acara/{number}").text
    assert Links(web="https://desa.example/").to_door("4821") == {"web": "https://desa.example/?desa=hadir-4821"}


def test_a_reader_sees_gatherings_and_changes_none(site: Site) -> None:
    number = made(site, site.signed_in())
    reader = site.signed_in("baca", StaffRole.READER)
    assert reader.get(f"/konsol/acara/{number}").status_code == 200
    assert "/konsol/acara/baru" not in reader.get("/konsol/acara").text
    for path in ("baru", f"{number}/undang", f"{number}/batal", f"{number}/hadir", f"{number}/ubah"):
        assert send(reader, f"/konsol/acara/{path}", FORM).status_code == 404


def test_the_calendar_file_opens_in_any_calendar_and_only_by_its_address(make_world) -> None:
    world = make_world()
    title = "Sosialisasi; dengan koma, titik koma\nEND:VCALENDAR" + "x" * 90
    starts = SATURDAY + timedelta(days=3)
    draft = GatheringDraft(
        GatheringKind.SEMINAR, title, "Aula, lantai 2", starts, "00.00.00.0001", "https://peta.test/a"
    )
    with world.app.database.transaction() as store:
        number = store.gatherings.make(draft, "1234", SATURDAY)
        token = store.gatherings.token(number)
    server = make_server(world.app, make_chat(world.app, wake=lambda: None, stopping=lambda: False))

    async def ask(*paths):
        transport = httpx.ASGITransport(app=server)
        async with httpx.AsyncClient(transport=transport, base_url="http://rangkul.test") as client:
            return [await client.get(path) for path in paths]

    wrong = ("/acara/1-00000000000000000000.ics", "/acara/x.ics")
    answer, *others = asyncio.run(ask(f"/acara/{token}.ics", *wrong))
    assert answer.headers["content-type"].startswith("text/calendar")
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    [event] = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    assert str(event["summary"]) == title
    assert event["dtstart"].dt == starts
    assert event["dtend"].dt == starts + timedelta(hours=2)
    assert [other.status_code for other in others] == [404, 404]


def test_who_comes_is_given_the_calendar_where_phones_can_reach_us(make_world) -> None:
    world = make_world()
    world.app.turns._links = Links(web="https://obrolan.test")
    sari, ratna = Person(Channel.TELEGRAM, "sari"), Person(Channel.TELEGRAM, "ratna")
    world.set_up(ratna, role=Role.OFFICIAL, village="00.00.00.0001")
    contact = world.set_up(sari, village="00.00.00.0001")
    with world.app.database.transaction() as store:
        store.consents.give(contact, [Purpose.ANNOUNCEMENTS], "persetujuan-v1", SATURDAY)
        draft = GatheringDraft(GatheringKind.RUN, "Lari", "Lapangan", SATURDAY + timedelta(days=9), "00.00.00.0001")
        number = store.gatherings.make(draft, "1234", SATURDAY)
        store.gatherings.invite(number, SATURDAY)
    world.run_due()
    assert [line.reply for line in world.unread(sari)] == ["acara_undangan"]
    [reply] = world.say(sari, "ikut").replies
    assert f"https://obrolan.test/acara/{number}-" in reply.text


def test_after_an_outage_late_reminders_are_replaced_and_say_so(make_world) -> None:
    world = make_world()
    sari = Person(Channel.TELEGRAM, "sari")
    contact = world.set_up(sari, village="00.00.00.0001")
    with world.app.database.transaction() as store:
        store.consents.give(contact, [Purpose.ANNOUNCEMENTS], "persetujuan-v1", SATURDAY)
        draft = GatheringDraft(GatheringKind.RUN, "Lari", "Lapangan", SATURDAY + timedelta(days=3), "00.00.00.0001")
        store.gatherings.invite(store.gatherings.make(draft, "1234", SATURDAY), SATURDAY)
    world.run_due()
    world.say(sari, "ikut")
    world.clock.move_to(SATURDAY + timedelta(days=3, hours=4))  # nothing ran meanwhile
    world.run_due()
    with world.app.database.reading() as store:
        lines = [line for line in store.outbox.conversation(contact) if line.reply and line.reply.startswith("acara_")]
    late = {line.reply: (line.state.value, line.reason) for line in lines}
    assert late["acara_besok"] == late["acara_sebentar"] == ("skipped", "replaced")  # the question afterwards is newer
    assert late["acara_manfaat"][0] == "sent"


def test_two_ticks_at_once_and_again_tell_nobody_twice(make_world) -> None:
    world = make_world()
    people = [Person(Channel.WEB, f"orang{n}") for n in range(12)]
    with world.app.database.transaction() as store:
        for one in people:
            contact, _ = store.contacts.find_or_make(one.channel, one.account, one.external_id, SATURDAY)
            store.contacts.learn(contact, village="00.00.00.0001")
            store.consents.give(contact, [Purpose.ANNOUNCEMENTS], "persetujuan-v1", SATURDAY)
        draft = GatheringDraft(GatheringKind.RUN, "Lari", "Lapangan", SATURDAY + timedelta(days=3), "00.00.00.0001")
        number = store.gatherings.make(draft, "1234", SATURDAY)
        store.gatherings.invite(number, SATURDAY)
    for _ in range(3):
        world.run_due()
        with world.app.database.transaction() as store:
            store.gatherings.invite(number, SATURDAY)
    assert [len(world.unread(one)) for one in people] == [1] * 12


def rangkul(*words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_script_makes_invites_counts_and_calls_off(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("RANGKUL_STORE__KEYS", str(tmp_path / "keys"))
    db = ("--db", str(tmp_path / "a.db"))
    asked = ("--village", "00.00.00.0002", "--place", "Aula", "--starts", "2099-01-05T09:00", "--by", "ratna", "--json")
    new = json.loads(rangkul("events", "new", "Seminar", *asked, "--kind", "seminar", "--capacity", "20", *db))
    assert (new["state"], new["starts_at"]) == ("draft", "2099-01-05T09:00:00+08:00")
    number = str(new["id"])
    assert json.loads(rangkul("events", "invite", number, "--by", "ratna", "--json", *db))["state"] == "open"
    assert "Seminar" in rangkul("events", "list", *db)
    assert json.loads(rangkul("events", "show", number, "--json", *db))["will"] == 0
    moved = ("events", "change", number, "--by", "ratna", "--starts", "2099-01-06T10:00", "--place", "Balai desa")
    changed = json.loads(rangkul(*moved, "--json", *db))
    assert (changed["starts_at"], changed["place"]) == ("2099-01-06T10:00:00+08:00", "Balai desa")
    addresses = ("--telegram", "@contoh_bot", "--whatsapp", "+62 800 0001", "--web", "https://contoh.invalid/")
    links = json.loads(rangkul("events", "code", number, str(tmp_path / "kode"), *addresses, "--json", *db))
    door = new["door"]
    assert links["telegram"] == f"https://t.me/contoh_bot?start=hadir-{door}"
    assert links["whatsapp"] == f"https://wa.me/628000001?text=HADIR%20{door}"
    assert links["web"] == f"https://contoh.invalid/?desa=hadir-{door}"
    assert len(list((tmp_path / "kode").glob("*.svg"))) == 3
    sheet = tmp_path / "hadir.xlsx"
    rangkul("events", "attendance", number, str(sheet), "--by", "ratna", *db)
    assert load_workbook(sheet).active.max_row == 1
    assert json.loads(rangkul("events", "cancel", number, "--by", "ratna", "--json", *db))["state"] == "cancelled"
    for wrong in (
        ("cancel", number, "--by", "r"),
        ("invite", "99", "--by", "r"),
        ("change", number, "--by", "r", "--place", "Aula"),
        ("code", number, str(tmp_path)),
    ):
        assert CliRunner().invoke(app, ["events", *wrong, *db]).exit_code == 2
