"""The second transaction: a stored message becomes a session and queued replies, or is set aside for staff to see.

Nothing here waits for the disk: the message is on it already, and the sender puts its claim there before it sends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.claims import Rules
from bot.clock import Clock
from bot.content_watch import ContentInForce
from bot.effects import ANNOUNCEMENT, Scene, apply
from bot.ids import LeadNumbers
from bot.links import NOWHERE, Links
from bot.understanding import Engines
from content import Content
from content.model import Step
from flows.contact import Contact, Role
from flows.conversation.engine import take_turn
from flows.conversation.joining import code_in
from flows.conversation.session import Session
from flows.events import GatheringAnswered, GatheringMade, OwnLeadWanted, PersonSwitched, PictureWanted
from flows.gathering import door_number
from flows.message import NEWCOMER, DraftOffer, Given, Heard, HeardKind, JoinOffer, Turn
from flows.outreach.audience import Leaving, leaving
from flows.outreach.picture import Fetched, PictureFault
from flows.outreach.sending_policy import Kind, SendingRules
from nlu.understanding import Understanding
from storage.database import Database, Store
from storage.inbox import Claimed

log = structlog.get_logger()

#: A turn that takes longer belongs to a dead process; its message is free again after this.
LEASE = timedelta(seconds=12)
#: How often a message is tried before it is set aside.
ATTEMPTS = 3
_AGAIN_AFTER = timedelta(seconds=5)
#: A photo that is not there by then belongs to a dead process; its message has its turn again.
FETCHING = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message whose photo the turn needs. It is held until then, and has its turn again with it or without."""

    message: Claimed
    until: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """A turn that was taken, for those who look over the bot's shoulder (terminal, transcripts).

    With `wanted` nothing has happened yet: somebody has to fetch the photo (`bot.photos`).
    """

    contact_id: int
    turn: Turn | None
    error: str | None = None
    wanted: Wanted | None = None


class Turns:
    """Takes turns, one message at a time, one at a time per contact, in order."""

    def __init__(
        self,
        database: Database,
        content: ContentInForce,
        engines: Engines,
        clock: Clock,
        numbers: LeadNumbers,
        *,
        rules: Rules = SendingRules,
        links: Links = NOWHERE,
    ) -> None:
        self._database = database
        self._content = content
        self._engines = engines
        self._clock = clock
        self._numbers = numbers
        self._rules = rules
        self._links = links

    def take_next(self) -> Done | None:
        """Take the oldest waiting message through its turn. None: nothing waits.

        The claim is committed by itself, so that a message that kills the process is not tried for ever.
        """
        with self._database.transaction(on_disk=False) as store:
            claimed = store.inbox.claim(self._clock.now(), LEASE)
        if claimed is None:
            return None
        if claimed.attempts > ATTEMPTS:
            return self._give_up(claimed, "too_many_attempts")
        try:
            return self._take(claimed)
        except Exception as wrong:  # the one place that catches: the message stays, the person is told
            log.exception("turn_failed", inbound=claimed.id, attempt=claimed.attempts, error=type(wrong).__name__)
            return self._fail(claimed, type(wrong).__name__)

    def _take(self, claimed: Claimed) -> Done:
        content, now, rules = self._content.current, self._clock.now(), self._rules()
        heard = self._heard(claimed, content, now)
        with self._database.transaction(on_disk=False) as store:
            session = store.sessions.get(claimed.contact_id)
            when = leaving(content.lexicon, ANNOUNCEMENT, now, rules)
            contact = self._contact(store, claimed.contact_id, heard, when, now)
            if _for_officials(session, content):
                contact = store.contacts.with_works(contact, when)
            code = self._numbers.join_code()
            links = self._links.to(code, str(content.lexicon["kebijakan"]["sapaan_kode"]))
            fresh = (self._numbers.fresh(), rules, code, links, _offer(store, heard, now))
            given = Given(now, contact, *fresh, self._links.web.rstrip("/"), fetched=_fetched(claimed))
            turn = take_turn(session, heard, content, given)
            if any(isinstance(event, OwnLeadWanted) for event in turn.events):
                lead = store.leads.newest_of(contact.id)
                given = replace(given, own=lead.fields if lead else {})
                turn = take_turn(session, heard, content, given)
            if any(isinstance(event, PictureWanted) for event in turn.events):
                return self._wait_for_photo(store, claimed, now)
            if self._seat_taken(store, turn):  # decide again, now that nobody else can take the last seat
                contact = self._contact(store, claimed.contact_id, heard, when, now)
                turn = take_turn(session, heard, content, replace(given, contact=contact))
            store.sessions.put(claimed.contact_id, turn.session)
            scene = Scene(store, content, contact, claimed.address_id, now, claimed.id, heard, rules)
            scene.door = self._numbers.door() if any(isinstance(one, GatheringMade) for one in turn.events) else 0
            scene.about_other = _about_other(session, content) or _about_other(turn.session, content)
            for event in turn.events:
                apply(event, scene)
            turn = self._go_on_as_other(store, scene, turn, given) or turn
            if scene.about_other:
                store.erasure.note_passing(claimed.id, claimed.contact_id, now)
            store.inbox.forget_file(claimed)
            store.inbox.done(claimed)
        log.info("turn_taken", contact=claimed.contact_id, inbound=claimed.id, events=len(turn.events))
        return Done(claimed.contact_id, turn)

    def _wait_for_photo(self, store: Store, claimed: Claimed, now: datetime) -> Done:
        """Hold the message, and with it whatever the person writes next, until its photo was fetched."""
        until = now + FETCHING
        store.inbox.hold(claimed, until)
        log.info("photo_wanted", contact=claimed.contact_id, inbound=claimed.id)
        return Done(claimed.contact_id, None, wanted=Wanted(claimed, until))

    def _go_on_as_other(self, store: Store, scene: Scene, turn: Turn, given: Given) -> Turn | None:
        """Somebody else has the phone now: their own conversation answers, in the same transaction."""
        switched = next((event for event in turn.events if isinstance(event, PersonSwitched)), None)
        if switched is None:
            return None
        heard = Heard(HeardKind.ARRIVED, NEWCOMER if switched.to is None else switched.then)
        when = leaving(scene.content.lexicon, ANNOUNCEMENT, scene.now, scene.rules)
        contact = self._contact(store, scene.contact.id, heard, when, scene.now)
        session = replace(Session(), slots=switched.shared) if switched.to is None else store.sessions.get(contact.id)
        theirs = take_turn(session, heard, scene.content, replace(given, contact=contact, offer=None))
        store.sessions.put(contact.id, theirs.session)
        scene.contact = contact
        for event in theirs.events:
            apply(event, scene)
        return replace(theirs, events=(*turn.events, *theirs.events))

    def _contact(self, store: Store, contact_id: int, heard: Heard, when: Leaving, now: datetime) -> Contact:
        """The person with the gatherings they may speak of."""
        contact = store.contacts.view(contact_id, leaving=when)
        village = contact.village.code if contact.village else None
        official, door = contact.role is Role.OFFICIAL, door_number(heard.text)
        if contact.shares_phone:
            contact = replace(contact, mates=store.contacts.mates(contact_id))
        return replace(
            contact, gatherings=store.gatherings.seen_by(contact_id, village, now, official=official, door=door)
        )

    def _seat_taken(self, store: Store, turn: Turn) -> bool:
        """Whether the turn gives a seat; the gathering is then held until the end of the transaction."""
        answers = [event for event in turn.events if isinstance(event, GatheringAnswered)]
        for event in answers:
            store.gatherings.lock(event.gathering)
        return bool(answers)

    def _heard(self, claimed: Claimed, content: Content, now: datetime) -> Heard:
        """What the person said, understood while nobody waits for the database: only this turn moves their session."""
        kind = HeardKind(str(claimed.body.get("kind", "text")))
        text = str(claimed.body.get("text", ""))
        label = claimed.body.get("label")
        understanding: Understanding | None = None
        if kind in {HeardKind.TEXT, HeardKind.PHOTO} and text:
            with self._database.reading() as store:
                step = _waiting_step(store.sessions.get(claimed.contact_id), content)
                zone = store.contacts.view(claimed.contact_id).zone
            if kind is HeardKind.TEXT or (step is not None and step.photo):  # no other caption is read
                today, expecting = now.astimezone(zone).date().isoformat(), step.ask if step else None
                understanding = self._engines.of(content).understand(text, expecting=expecting, today=today)
        return Heard(kind, text, understanding, str(label) if label else None, photo="file" in claimed.body)

    def _fail(self, claimed: Claimed, code: str) -> Done:
        if claimed.attempts >= ATTEMPTS:
            return self._give_up(claimed, code)
        with self._database.transaction(on_disk=False) as store:
            if claimed.attempts == 1:
                self._apologise(store, claimed)
            store.inbox.retry_later(claimed, code, self._clock.now() + _AGAIN_AFTER)
        return Done(claimed.contact_id, None, code)

    def _give_up(self, claimed: Claimed, code: str) -> Done:
        with self._database.transaction(on_disk=False) as store:
            self._apologise(store, claimed)
            store.inbox.forget_file(claimed)
            store.inbox.set_aside(claimed, code)
        log.warning("message_set_aside", inbound=claimed.id, error=code)
        return Done(claimed.contact_id, None, code)

    def _apologise(self, store: Store, claimed: Claimed) -> None:
        """One fixed apology per message, whatever is tried again."""
        content, now = self._content.current, self._clock.now()
        rendered = content.render("maaf_gangguan", now.date(), {})
        store.outbox.queue(
            claimed.contact_id,
            claimed.address_id,
            Kind.REPLY,
            rendered.text,
            now,
            reply=rendered.reply,
            content_version=content.version,
            inbound_id=claimed.id,
            once_key=f"apology:{claimed.id}",
        )


def _fetched(claimed: Claimed) -> Fetched | None:
    """The photo of this message, once somebody brought it or what was wrong with it."""
    picture, fault = claimed.body.get("picture"), claimed.body.get("fault")
    if isinstance(picture, int):
        return Fetched(picture)
    return Fetched(None, PictureFault(str(fault))) if fault else None


def _about_other(session: Session, content: Content) -> bool:
    """Whether a form about somebody else than the writer waits for an answer."""
    flow = content.flows.get(session.flow) if session.flow else None
    return flow is not None and flow.about_other


def _for_officials(session: Session, content: Content) -> bool:
    """Whether a form that only officials fill in waits for an answer."""
    flow = content.flows.get(session.flow) if session.flow else None
    return flow is not None and flow.officials_only


def _offer(store: Store, heard: Heard, now: datetime) -> JoinOffer | DraftOffer | None:
    """What the code opens, when the message is one."""
    code = code_in(heard.text) if heard.kind in {HeardKind.TEXT, HeardKind.START} else None
    if code is None:
        return None
    draft = store.lead_drafts.get(code, now)
    if draft is not None:
        return DraftOffer(draft.by, store.contacts.view(draft.by).role, draft.fields)
    owner = store.joining.shown_to(code, now)
    return JoinOffer(owner, store.contacts.view(owner).channel) if owner is not None else JoinOffer()


def _waiting_step(session: Session, content: Content) -> Step | None:
    flow = content.flows.get(session.flow) if session.flow else None
    return next((step for step in flow.steps if step.id == session.step), None) if flow else None
