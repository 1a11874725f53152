"""BERHENTI in thirty ways, with nothing asked and in the middle of a form; neither these nor complaints are MULAI."""

from __future__ import annotations

import pytest
from world_fixtures import open_world

from bot.world import Person
from flows.contact import Channel, ConsentState, Purpose

WAYS = (
    "BERHENTI", "stop", "unsub", "setop", "berenti", "brenti bos", "Berhenti!!!", "stop dong", "stop wa",
    "mandeg", "mandeg mawon", "leren", "lirén", "eureun", "ampih", "baranti", "barhanti",
    "jangan wa saya lagi", "sudah jangan kirim", "jgn chat saya lagi", "ga usah wa lagi", "tolong hentikan pesannya",
    "saya tidak mau dikirimi pesan lagi", "cukup jangan kirim kirim lagi", "jangan ganggu saya", "ojo ngirim maneh",
    "aja ngirim maneh", "ulah ngirim deui", "tong ngirim deui", "ampun ngirim malih", "mboten usah ngirim malih",
)  # fmt: skip


@pytest.mark.parametrize("form", [(), ("ingatkan saya",)], ids=["nothing asked", "in a form"])
def test_every_way_of_saying_stop_stops(form: tuple[str, ...]) -> None:
    missed = []
    with open_world() as world:
        for number, way in enumerate(WAYS):
            person = Person(Channel.WHATSAPP, f"orang-{number}", "local")
            contact = world.set_up(person)
            with world.app.database.transaction() as store:
                store.consents.give(contact, (Purpose.REMINDERS, Purpose.ANNOUNCEMENTS), "v1", world.clock.now())
            for said in (*form, way):
                world.say(person, said)
            with world.app.database.reading() as store:
                consents = store.contacts.view(contact).consents
            if {consents[Purpose.REMINDERS], consents[Purpose.ANNOUNCEMENTS]} != {ConsentState.WITHDRAWN}:
                missed.append(way)
    assert missed == []


COMPLAINTS = (
    "bosen dikirimin pesan lagi",
    "keganggu pesan lagi pesan lagi",
    "kirim lagi kirim lagi, cape deh",
    "kok dikirimi lagi sih",
    "berisik ah pesan lagi",
    "udahan dong kirim pesannya",
    "siapa suruh kirim pesan lagi",
    "kenapa masih dikirimi lagi",
    "ak ga mau dikirimin pesan lagi",
    "emoh dikirimi maneh",
    "mulai risih dikirimi kabar lagi",
    "jangan mulai kirim lagi",
)


def test_no_complaint_is_taken_for_consent() -> None:
    given = []
    with open_world() as world:
        for number, complaint in enumerate(COMPLAINTS):
            person = Person(Channel.WHATSAPP, f"orang-{number}", "local")
            contact = world.set_up(person)
            world.say(person, complaint)
            with world.app.database.reading() as store:
                consents = store.contacts.view(contact).consents
            if ConsentState.GIVEN in {consents[Purpose.REMINDERS], consents[Purpose.ANNOUNCEMENTS]}:
                given.append(complaint)
    assert given == []
