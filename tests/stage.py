"""Plays a conversation against a whole bot and writes down what really happened, in the words of the transcript.

People act (`Pekerja`, `Petugas`, names), staff act (`Staf`), the clock moves; the bot's lines and the effects are ours.
tests/conversations/README.md describes the format to those who write one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from photos import ACTS
from transcript import ZONES, Effect, Moment, Said, Script, moment, show_moment, taps_in

from bot.due import next_moment
from bot.links import NOWHERE
from bot.turn import Done
from bot.world import Exchange, Person, World
from console.answers import Speaker, queue_answer, queue_invitation
from flows import events as happened
from flows.contact import Channel, LeadState, Purpose, ReminderPlan, Role
from flows.conversation.sharing import FOR
from flows.message import HeardKind
from flows.outreach.audience import Target
from flows.outreach.picture import picture_of
from flows.outreach.sending_policy import Kind
from flows.outreach.wordings import announced
from flows.village import find_village, practice_villages
from nlu.understanding import Understanding
from storage.broadcasts import Draft
from storage.conversation import Line, Who
from storage.words import BroadcastState, OutboxState, PersonState

#: Effects a conversation may leave out; all others must be told when they happen.
OPTIONAL = ("paham", "alur", "simpan")
CHANNELS = {
    "Web": Channel.WEB,
    "Telegram": Channel.TELEGRAM,
    "WhatsApp": Channel.WHATSAPP,
    "Terminal": Channel.TERMINAL,
}
ROLES = {"Pekerja": Role.WORKER, "Petugas": Role.OFFICIAL}
STAFF = "Staf"
_CAST = re.compile(r"(\w+) \(orang contoh(?:, [^()]+)?\)((?:, [^,()]+)*)")
_REPEATED = re.compile(r"\((\d+) kali\) (.+)", re.DOTALL)
_SAME_AGAIN = "(pesan yang sama terkirim lagi)"
_ACTS = {
    "(kosong)": (HeardKind.TEXT, ""),
    "(mengirim stiker)": (HeardKind.UNSUPPORTED, ""),
    "(membuka obrolan)": (HeardKind.START, ""),
}
_BROADCASTS = re.compile(r"siarkan ke ([^:]+): (.+)")
_LINK, _CARD = re.compile(r"\(membuka tautan (.+)\)"), re.compile(r"\(membagikan nomor (\+\d+)\)")
_MOVES, _OFFICIAL = re.compile(r"pindahkan (\w+) ke (.+)"), re.compile(r"jadikan (\w+) perangkat (.+)")
_ANSWERS = re.compile(r"balas (\w+): (.+)", re.DOTALL)
_INVITES = re.compile(r"ajak (\w+) membalas")
_UNASKED = {
    Kind.REMINDER: "pengingat",
    Kind.FOLLOW_UP: "tindak lanjut",
    Kind.BROADCAST: "siaran",
    Kind.GATHERING: "acara",
    Kind.INVITATION: "acara",
}
_DAY = timedelta(days=1)
_OPENS = re.compile(r"\(membuka tautan dari (\w+)\)")
_SENDS_CODE = re.compile(r"\(mengirim kode dari (\w+)\)")
_CODE = re.compile(r"\b[B-DF-HJ-NP-TV-Z]{4}-[2-9]{4}\b")
_DOOR, _SCANS = "(angka di pintu)", "(memindai kode di pintu)"
_SENDS_PHOTO = re.compile(rf"({'|'.join(re.escape(act) for act in ACTS)})(?: (.+))?", re.DOTALL)
_DIGITS_SHOWN = {"nik": 4, "kpj": 4, "phone": 3}


class Impossible(Exception):
    """Something in a conversation that nobody in it can do."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"baris {line}: {why}")


@dataclass
class Actor:
    """A person of the conversation."""

    name: str
    person: Person
    contact_id: int
    shown: list[dict[str, Any]] = field(default_factory=list)  # every button they were ever shown, oldest first
    codes: list[str] = field(default_factory=list)  # every code they were shown, oldest first
    last: tuple[str, HeardKind, str, str | None] | None = None  # their last message, for when it is delivered twice


@dataclass
class Seen:
    """What a conversation showed: for the tests that look for what no conversation shows."""

    replies: set[str] = field(default_factory=set)
    intents: set[str] = field(default_factory=set)
    steps: set[str] = field(default_factory=set)
    reasons: set[str] = field(default_factory=set)
    most_replies: int = 0  # the most messages that one turn gave

    def add(self, other: Seen) -> None:
        """Add what another conversation showed."""
        for name in ("replies", "intents", "steps", "reasons"):
            getattr(self, name).update(getattr(other, name))
        self.most_replies = max(self.most_replies, other.most_replies)


class Stage:
    """One conversation on one fresh world."""

    def __init__(self, world: World, script: Script) -> None:
        self.world = world
        self.script = script
        self.seen = Seen()
        self._told: set[tuple[str, int, int]] = set()
        self.actors: list[Actor] = []
        self.aliases: dict[str, Actor] = {}
        self._set_up()

    @staticmethod
    def start_of(script: Script) -> Any:
        """When the conversation begins."""
        found = moment(dict(script.headers).get("Mulai", ""))
        if found is None:
            raise Impossible(1, 'perlu "- Mulai: 2026-11-21 09:00 WIB"')
        return found[0]

    def play(self) -> Script:
        """The same people, the same words, the bot's own answers."""
        items: list[Said | Effect | Moment] = []
        for place, item in enumerate(self.script.items):
            if _acts(item):
                items.append(item)
                items += self._act(item, _kept_after(self.script, place))
        return Script(self.script.title, self.script.headers, tuple(items))

    # who is there

    def _set_up(self) -> None:
        content, at = self.world.app.content.current, 2
        for at, (key, value) in enumerate(self.script.headers, start=3):
            match key:
                case "Pekerja" | "Petugas":
                    self._enter(at, key, value)
                case "Saluran" if value in CHANNELS:
                    pass
                case "Mulai" | "Catatan":
                    pass
                case "Tautan" if value == "tidak ada":
                    self.world.app.turns._links = NOWHERE
                case _:
                    raise Impossible(at, f'"{key}: {value}" tidak dikenal')
        if not self.actors:
            raise Impossible(at, 'perlu paling sedikit satu "- Pekerja: Nama (orang contoh)"')
        self._words = content.lexicon["reasons"]["skip"]

    def _enter(self, at: int, key: str, value: str) -> None:
        found = _CAST.fullmatch(value)
        if found is None:
            raise Impossible(at, f'tulis seperti "{key}: Sari (orang contoh, pedagang), Desa Contoh"')
        name, traits = found[1], [part for part in found[2].split(", ") if part]
        channel = CHANNELS[dict(self.script.headers).get("Saluran", "Terminal")]
        by = [trait for trait in traits if trait.removeprefix("lewat ") in CHANNELS and trait.startswith("lewat ")]
        if by:
            channel = CHANNELS[by[0].removeprefix("lewat ")]
            traits = [trait for trait in traits if trait not in by]
        person = self.person(channel, name)
        actor = Actor(name, person, self.world.set_up(person, role=ROLES[key]))
        for trait in traits:
            self._trait(at, actor, trait)
        self.actors.append(actor)
        self.aliases[name] = actor
        self.aliases.setdefault(key, actor)

    def person(self, channel: Channel, name: str) -> Person:
        """How somebody of that name is known there."""
        return Person(channel, f"{name.lower()}-contoh")

    def _trait(self, at: int, actor: Actor, trait: str) -> None:
        content, now = self.world.app.content.current, self.world.clock.now()
        words = {f"izin {purpose.value}": ("give", purpose) for purpose in Purpose}
        words |= {f"menolak {purpose.value}": ("refuse", purpose) for purpose in Purpose}
        words |= {f"mencabut {purpose.value}": ("withdraw", purpose) for purpose in Purpose}
        version = max(content.consents)
        with self.world.app.database.transaction() as store:
            match words.get(trait):
                case ("give", purpose):
                    store.consents.give(actor.contact_id, (purpose,), version, now)
                case ("refuse", purpose):
                    store.consents.refuse(actor.contact_id, (purpose,), version, now)
                case ("withdraw", purpose):
                    store.consents.withdraw(actor.contact_id, (purpose,), now)
                case _ if trait.startswith("terdaftar sebagai "):
                    work = next(
                        one
                        for one in content.lexicon["occupations"]["occupations"]
                        if one["name"].casefold() == trait.removeprefix("terdaftar sebagai ")
                    )
                    income = {"amount": 1_000_000, "period": "month"}
                    fields = {"nama": actor.name, "penghasilan": income, "program": "2"}
                    fields |= {"pekerjaan": {key: work[key] for key in ("id", "name", "sector", "segment")}}
                    submitted = happened.LeadSubmitted(f"RK-TES{actor.contact_id:04}", fields, version)
                    store.leads.submit(actor.contact_id, submitted, now)
                case _ if trait.startswith("HP +"):
                    store.contacts.learn(actor.contact_id, phone=trait.removeprefix("HP "))
                case _:
                    store.contacts.learn(actor.contact_id, village=self._village(at, trait))

    def _village(self, at: int, name: str) -> str:
        content = self.world.app.content.current
        for village in practice_villages(content):
            if village.name == name:
                return village.code
        raise Impossible(at, f'"{name}" bukan desa contoh, izin, atau penolakan')

    # what they do

    def _act(self, item: Said | Moment, kept: tuple[str, ...]) -> Iterator[Said | Effect]:
        if isinstance(item, Moment):
            while self.world.clock.now() < item.at:
                self.world.advance(self._evening(item.at))
                yield from self._told_to_all(None, [])
            return
        if item.who == STAFF:
            effects = list(self._staff(item))
            self.world.run_due()
            yield from self._effects(effects)
            yield from self._told_to_all(None, [])
            return
        actor = self.aliases.get(item.who)
        if actor is None:
            raise Impossible(item.line, f'"{item.who}" tidak ada di antara orangnya')
        before = self._slots(actor)
        exchange = self._say(actor, item)
        effects = [effect for done in exchange.turns for effect in self._turn_effects(done, actor, before, kept)]
        yield from self._told_to_all(actor, list(exchange.replies), effects)

    def _evening(self, at_most: datetime) -> datetime:
        """When people read next: every day, but on the days on which nothing is due there is nothing to read."""
        now = self.world.clock.now()
        due = next_moment(self.world.app.database, now)
        if due is None:
            return at_most
        return min(at_most, now + max(1, -((now - due) // _DAY)) * _DAY)

    def _staff(self, item: Said) -> Iterator[Effect]:
        """What staff do in the console, through the same doors."""
        now = self.world.clock.now()
        if moves := _MOVES.fullmatch(item.text):
            to = self._lead_state(item.line, moves[2])
            with self.world.app.database.transaction() as store:
                lead = store.leads.newest_of(self._named(item.line, moves[1]).contact_id)
                if lead is None:
                    raise Impossible(item.line, f"{moves[1]} belum mendaftar")
                official = "26000000001" if to is LeadState.HANDED_OVER else None
                store.leads.move(lead.id, to, "staf-contoh", now, official_number=official)
            yield Effect("prospek", f"{moves[2]}, {lead.number}")
        elif makes := _OFFICIAL.fullmatch(item.text):
            actor = self._named(item.line, makes[1])
            with self.world.app.database.transaction() as store:
                store.contacts.set_role(actor.contact_id, Role.OFFICIAL)
                store.contacts.learn(actor.contact_id, village=self._village(item.line, makes[2]))
        elif answers := _ANSWERS.fullmatch(item.text):
            content, contact_id = self.world.app.content.current, self._named(item.line, answers[1]).contact_id
            with self.world.app.database.transaction() as store:
                queue_answer(store, content, contact_id, Speaker("Ratna", now), answers[2])
        elif asks := _INVITES.fullmatch(item.text):
            content, contact_id = self.world.app.content.current, self._named(item.line, asks[1]).contact_id
            with self.world.app.database.transaction() as store:
                queue_invitation(store, content, contact_id, Speaker("Ratna", now))
        elif sends := _BROADCASTS.fullmatch(item.text):
            yield self._broadcast(item.line, *sends.groups())
        elif item.text in {"setujui siaran", "tolak siaran"}:
            yield self._decide(item)
        else:
            raise Impossible(
                item.line,
                'staf bisa: "setujui siaran", "tolak siaran", "pindahkan Sari ke dihubungi", '
                '"jadikan Sari perangkat Desa Contoh", "balas Sari: halo", '
                '"siarkan ke Desa Contoh: halo"',
            )

    def _broadcast(self, line: int, village: str, text: str) -> Effect:
        """Staff write an announcement of their own; a colleague will have to agree."""
        content, now, code = self.world.app.content.current, self.world.clock.now(), self._village(line, village)
        words = {"desa": village, "isi_siaran": text}
        rendered = announced(content, None, words, now.date(), staff=True)
        with self.world.app.database.transaction() as store:
            maker = store.staff.add("Staf Lain", "staf-lain", "kata sandi contoh", now)
            draft = Draft(Target((code,)), rendered.text, rendered.reply, content.version, words, by_staff=maker)
            store.broadcasts.submit(store.broadcasts.draft(draft, now), now, approval=True)
        return Effect("siaran", f"menunggu persetujuan, {village}")

    def _decide(self, item: Said) -> Effect:
        """A second person looks at the announcement that waits longest."""
        now = self.world.clock.now()
        with self.world.app.database.transaction() as store:
            if not any(user.login == "staf-contoh" for user in store.staff.everyone()):
                store.staff.add("Staf Contoh", "staf-contoh", "kata sandi contoh", now)
            (user,) = (user for user in store.staff.everyone() if user.login == "staf-contoh")
            waiting = [cast.id for cast in store.broadcasts.recent() if cast.state is BroadcastState.WAITING]
            if not waiting:
                raise Impossible(item.line, "tidak ada siaran yang menunggu persetujuan")
            agreed = item.text == "setujui siaran"
            decide = store.broadcasts.approve if agreed else store.broadcasts.refuse
            decide(waiting[-1], user.id, now)
        return Effect("siaran", "disetujui petugas" if agreed else "ditolak petugas")

    def _lead_state(self, line: int, word: str) -> LeadState:
        states = self.world.app.content.current.lexicon["commands"]["leads"]["states"]
        found = [state for state, shown in states.items() if shown.lower() == word]
        if not found:
            raise Impossible(line, f'"{word}" bukan keadaan prospek')
        return LeadState(found[0])

    def _named(self, line: int, name: str) -> Actor:
        if name not in self.aliases:
            raise Impossible(line, f'"{name}" tidak ada di antara orangnya')
        return self.aliases[name]

    def _say(self, actor: Actor, item: Said) -> Exchange:
        if item.text == _SAME_AGAIN:
            if actor.last is None:
                raise Impossible(item.line, "belum ada pesan yang bisa terkirim lagi")
            message_id, kind, text, label = actor.last
            return self.world.say(actor.person, text, kind=kind, label=label, message_id=message_id)
        if sends := _SENDS_PHOTO.fullmatch(item.text):
            return self._send_photo(actor, item, ACTS[sends[1]], sends[2] or "")
        kind, text, label = self._meant(actor, item)
        actor.last = (f"{actor.name}-{item.line}", kind, text, label)
        return self.world.say(actor.person, text, kind=kind, label=label, message_id=actor.last[0])

    def _send_photo(self, actor: Actor, item: Said, file: str, caption: str) -> Exchange:
        number = f"{actor.name}-{item.line}"
        return self.world.say(actor.person, caption, kind=HeardKind.PHOTO, message_id=number, file=file)

    def _meant(self, actor: Actor, item: Said) -> tuple[HeardKind, str, str | None]:
        text = item.text
        if text in _ACTS:
            return (*_ACTS[text], None)
        if opens := _OPENS.fullmatch(text):
            return HeardKind.START, self._code(item.line, opens[1]), None
        if sends := _SENDS_CODE.fullmatch(text):
            return HeardKind.TEXT, self._code(item.line, sends[1]), None
        if link := _LINK.fullmatch(text):
            return HeardKind.START, self._village(item.line, link[1]), None
        if card := _CARD.fullmatch(text):
            return HeardKind.CONTACT_CARD, card[1], None
        if text.endswith(_DOOR):
            return HeardKind.TEXT, text.replace(_DOOR, self._door(item.line)), None
        if text == _SCANS:
            return HeardKind.START, f"hadir-{self._door(item.line)}", None
        if again := _REPEATED.fullmatch(text):
            return HeardKind.TEXT, int(again[1]) * f"{again[2]} ", None
        tapped = taps_in(text)
        if tapped is None:
            return HeardKind.TEXT, text, None
        for tap in reversed(actor.shown):
            if _tap_text(tap) == tapped:
                return HeardKind.BUTTON, str(tap["id"]), str(tap["label"])
        raise Impossible(item.line, f"tombol [{tapped}] tidak pernah ditampilkan kepada {actor.name}")

    def _code(self, line: int, name: str) -> str:
        """The newest code that this person was shown."""
        known = self._named(line, name).codes
        if not known:
            raise Impossible(line, f"{name} belum mendapat kode")
        return known[-1]

    def _door(self, line: int) -> str:
        """The number that the newest gathering shows at its door."""
        with self.world.app.database.reading() as store:
            found = store.gatherings.recent(1)
        if not found:
            raise Impossible(line, "belum ada acara yang punya angka di pintu")
        return found[0].door

    # what came of it

    def _told_to_all(self, speaker: Actor | None, answers: list[Line], effects: list[Effect] | None = None) -> Any:
        """Answers to the speaker with the turn's effects, then everything anybody else was sent, in order."""
        said: list[tuple[Actor, Line]] = [(speaker, line) for line in answers if speaker]
        for actor in self.actors:
            said += [(actor, line) for line in self.world.unread(actor.person)]
        own = [pair for pair in said if pair[0] is speaker and pair[1].kind is Kind.REPLY]
        rest = sorted((pair for pair in said if pair not in own), key=lambda pair: (pair[1].at, pair[1].id))
        for actor, line in own:
            yield self._line(actor, line, speaker)
        yield from self._effects([*(effects or []), *self._not_sent()])
        for actor, line in rest:
            yield self._line(actor, line, speaker)
            if line.kind in _UNASKED:
                kind = _UNASKED[line.kind]
                yield Effect(kind, self._alone(actor, f"dikirim {self._local(actor, line.at)}"))

    def _effects(self, effects: list[Effect]) -> Iterator[Effect]:
        order = {kind: place for place, kind in enumerate(OPTIONAL)}
        yield from sorted(effects, key=lambda effect: order.get(effect.kind, len(order)))

    def _line(self, actor: Actor, line: Line, speaker: Actor | None) -> Said:
        actor.shown += [dict(tap) for tap in line.taps]
        actor.codes += _CODE.findall(line.text)
        self.seen.replies.update((line.reply or "").split("+"))
        if any(str(tap["id"]).startswith(FOR) for tap in line.taps):
            self.seen.replies.add("untuk_satu_orang")
        who = "Bot" if actor is speaker or len(self.actors) == 1 else f"Bot kepada {actor.name}"
        buttons = [f"[{_tap_text(tap)}]" for tap in line.taps if tap.get("place") != "choice"]
        choices = [f"[{_tap_text(tap)}]" for tap in line.taps if tap.get("place") == "choice"]
        shows = "foto" if picture_of(line.image) is not None else line.image
        image = [f"(gambar: {shows})"] if shows else []
        return Said(
            who, "\n".join([line.text.rstrip("\n"), *image, *choices, *([" ".join(buttons)] if buttons else [])])
        )

    def _not_sent(self) -> Iterator[Effect]:
        with self.world.app.database.reading() as store:
            lines = [
                (actor, line) for actor in self.actors for line in store.outbox.conversation(actor.contact_id, 500)
            ]
            people = [
                (cast.id, person) for cast in store.broadcasts.recent() for person in store.broadcasts.people(cast.id)
            ]
        names = {actor.contact_id: actor.name for actor in self.actors}
        for broadcast_id, person in people:
            if person.state is PersonState.SKIPPED and self._first_time("siaran", broadcast_id, person.contact_id):
                yield self._reason("tidak dikirim", names[person.contact_id], person.reason)
        for actor, line in lines:
            waits = line.who is Who.BOT and line.state is OutboxState.DUE and line.reason
            skipped = line.state is OutboxState.SKIPPED and line.kind is not Kind.BROADCAST
            if skipped and self._first_time("pesan", line.id, 0):
                yield self._reason("tidak dikirim", actor.name, line.reason)
            if waits and self._first_time("tunda", line.id, 0):
                yield self._reason("ditunda", actor.name, line.reason)

    def _reason(self, kind: str, name: str, reason: str | None) -> Effect:
        self.seen.reasons.add(str(reason))
        return Effect(kind, f"{name}, {self._words[str(reason)]}")

    def _first_time(self, what: str, one: int, two: int) -> bool:
        new = (what, one, two) not in self._told
        self._told.add((what, one, two))
        return new

    def _turn_effects(
        self, done: Done, actor: Actor, before: dict[str, Any], kept: tuple[str, ...]
    ) -> Iterator[Effect]:
        if done.turn is None:
            yield Effect("gangguan", str(done.error))
            return
        turn, session = done.turn, done.turn.session
        replies = [event.rendered.reply for event in turn.events if isinstance(event, happened.ReplyChosen)]
        self.seen.replies.update(key for reply in replies for key in reply.split("+"))
        self.seen.most_replies = max(self.seen.most_replies, len(replies))
        if session.last_intent:
            self.seen.intents.add(session.last_intent)
        if session.flow and session.step:
            self.seen.steps.add(f"{session.flow}.{session.step}")
        if "paham" in kept and turn.understanding is not None:
            yield Effect("paham", _understood(turn.understanding))
        if "alur" in kept:
            yield Effect("alur", f"{session.flow}, langkah {session.step}" if session.flow else "tidak ada")
        new = sorted(name for name, value in session.slots.items() if before.get(name) != value)
        if "simpan" in kept and new:
            yield Effect("simpan", ", ".join(new))
        for event in turn.events:
            yield from self._event(event, actor)

    def _event(self, event: happened.Event, actor: Actor) -> Iterator[Effect]:
        match event:
            case happened.ConsentGiven(purposes, version):
                yield Effect("setuju", f"{_names(purposes)} ({version})")
            case happened.ConsentRefused(purposes):
                yield Effect("setuju", f"ditolak ({_names(purposes)})")
            case happened.ConsentWithdrawn(purposes):
                yield Effect("setuju", f"dicabut ({_names(purposes)})")
            case happened.LeadSubmitted(number, fields):
                village = fields.get("desa")
                yield Effect("prospek", f"baru, {number}, {village['name'] if isinstance(village, dict) else '-'}")
            case happened.ReminderPlanned(plan):
                yield Effect("pengingat", self._alone(actor, _planned(plan)))
            case happened.FollowUpPlanned():
                return
            case happened.FollowUpDropped(_, unwanted):
                if unwanted:
                    yield Effect("tindak lanjut", self._alone(actor, "berhenti"))
            case happened.ReminderStopped():
                yield Effect("pengingat", self._alone(actor, "berhenti"))
            case happened.BroadcastSent(_, village, waits=waits, at=at):
                place = find_village(village, self.world.app.content.current)
                decided = "menunggu persetujuan" if waits else "dijadwalkan" if at else "disetujui"
                yield Effect("siaran", f"{decided}, {place.name if place else village}")
            case happened.PictureDropped():
                yield Effect("gambar", "dihapus")
            case happened.BroadcastSteered(_, how):
                words = {"pause": "dijeda", "resume": "diteruskan", "cancel": "dibatalkan"}
                yield Effect("siaran", words[how])
            case happened.GatheringMade(draft):
                yield Effect("acara", f"dibuat, {draft.title}")
            case happened.GatheringChanged():
                yield Effect("acara", "diubah")
            case happened.GatheringCancelled():
                yield Effect("acara", "dibatalkan")
            case happened.GatheringAnswered(_, attending):
                word = self.world.app.content.current.lexicon["acara"]["attending"][attending.value]
                yield Effect("acara", f"{actor.name}, {word}")
            case happened.CheckedIn():
                yield Effect("acara", f"{actor.name}, hadir")
            case happened.FeedbackGiven(_, useful):
                yield Effect("acara", f"{actor.name}, {useful.value}")
            case happened.InputGiven(_, role):
                yield Effect("acara", f"{actor.name}, masukan {role.value}")
            case happened.HandoffRequested(reason):
                yield Effect("petugas", f"diminta ({reason})")
            case happened.GraveHeard(kind):
                yield Effect("gawat", kind)
            case happened.AccountsJoined(other):
                names = [one.name for one in self.actors if one.contact_id == other]
                yield Effect("gabung", f"{actor.name} dan {names[0]}")
            case happened.DraftHeld():
                yield Effect("titipan", "menunggu izin orangnya")
            case happened.DraftTaken():
                yield Effect("titipan", "disetujui orangnya")
            case happened.DraftRefused():
                yield Effect("titipan", "ditolak orangnya, dihapus")
            case happened.PersonSwitched(to):
                yield Effect("ganti orang", "orang baru" if to is None else self._known_as(to))
            case happened.PersonLeft():
                yield Effect("ganti orang", "dilupakan di HP ini")
            case happened.OthersNamed() | happened.OwnLeadWanted() | happened.PictureWanted():
                return
            case happened.LeadChanged(number):
                yield Effect("prospek", f"diubah, {number}")
            case happened.DataErasureRequested():
                yield Effect("hapus", "semua data pribadi")
            case happened.ConversationFailed(reason):
                yield Effect("gangguan", reason)
            case (
                happened.ReplyChosen() | happened.ProfileLearned() | happened.NotUnderstood() | happened.JoinCodeShown()
            ):
                return

    def _known_as(self, contact_id: int) -> str:
        with self.world.app.database.reading() as store:
            return store.contacts.view(contact_id).name or "tanpa nama"

    def _slots(self, actor: Actor) -> dict[str, Any]:
        with self.world.app.database.reading() as store:
            return dict(store.sessions.get(actor.contact_id).slots)

    def _alone(self, actor: Actor, words: str) -> str:
        return words if len(self.actors) == 1 else f"{actor.name}, {words}"

    def _local(self, actor: Actor, at: Any) -> str:
        with self.world.app.database.reading() as store:
            zone = store.contacts.view(actor.contact_id).zone
        return show_moment(at, next(name for name, known in ZONES.items() if known.key == zone.key))


def _planned(plan: ReminderPlan) -> str:
    """What drives the reminder and when it comes next."""
    if plan.next is not None and plan.next.again:
        drives = "sekali lagi"
    elif plan.protected_until is not None:
        drives = f"perlindungan sampai {plan.protected_until.isoformat()} jam {plan.hour:02}.00"
    else:
        drives = f"tanggal {plan.day} jam {plan.hour:02}.00"
    more = f", tiap {plan.every} bulan" if plan.every > 1 else ""
    more += ", pemberi kerja" if plan.employer else ""
    more += f", dibayar sampai {plan.paid_through.strftime('%Y-%m')}" if plan.paid_through else ""
    return f"{drives}{more}, berikutnya {plan.next.on.isoformat() if plan.next else '-'}"


def _acts(item: object) -> bool:
    """Whether an item is somebody doing something, and not what came of it."""
    return isinstance(item, Moment) or (
        isinstance(item, Said) and item.who != "Bot" and not item.who.startswith("Bot ")
    )


def _kept_after(script: Script, place: int) -> tuple[str, ...]:
    """Which optional effects the writer chose to show for this message."""
    kept: list[str] = []
    for item in script.items[place + 1 :]:
        if _acts(item):
            break
        if isinstance(item, Effect) and item.kind in OPTIONAL:
            kept.append(item.kind)
    return tuple(kept)


def _tap_text(tap: Any) -> str:
    hint = tap.get("hint") if tap.get("place") == "choice" else None
    return f"{tap['label']} | {hint}" if hint else str(tap["label"])


def _names(purposes: tuple[Purpose, ...]) -> str:
    return ", ".join(purpose.value for purpose in purposes)


def _understood(heard: Understanding) -> str:
    found = ", ".join(f"{entity.kind}={_value(entity.kind, entity.value)}" for entity in heard.entities)
    return f"{heard.intent or '?'} ({found})" if found else heard.intent or "?"


def _value(kind: str, value: Any) -> str:
    if kind in _DIGITS_SHOWN:
        return "…" + str(value)[-_DIGITS_SHOWN[kind] :]
    if isinstance(value, dict):
        return "/".join(str(part) for part in value.values() if part is not None)
    return str(value)
