"""What follows from each event: one function each. A new event without a line here is a type error."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

import structlog

from bot.channels.channel import SHARES, SHARING
from bot.inbox import withdraw
from bot.pictures import as_slots
from bot.templates import kept
from content import Content
from content.model import Button, Rendered, SlotValue
from flows.contact import Channel, Contact, Purpose
from flows.events import (
    AccountsJoined,
    BroadcastSent,
    BroadcastSteered,
    CheckedIn,
    ConsentGiven,
    ConsentRefused,
    ConsentWithdrawn,
    ConversationFailed,
    DataErasureRequested,
    DraftHeld,
    DraftRefused,
    DraftReminderPlanned,
    DraftTaken,
    Event,
    FeedbackGiven,
    FollowUpDropped,
    FollowUpPlanned,
    GatheringAnswered,
    GatheringCancelled,
    GatheringChanged,
    GatheringMade,
    GraveHeard,
    HandoffRequested,
    InputGiven,
    JoinCodeShown,
    LeadChanged,
    LeadSubmitted,
    NotUnderstood,
    OthersNamed,
    OwnLeadWanted,
    PersonLeft,
    PersonSwitched,
    PictureDropped,
    PictureWanted,
    ProfileLearned,
    ReminderPlanned,
    ReminderStopped,
    ReplyChosen,
)
from flows.message import Heard
from flows.outreach.audience import Target, leaving
from flows.outreach.follow_up import FollowUp
from flows.outreach.reminder import due_moment
from flows.outreach.sending_policy import Kind, Reason, SendingRules
from flows.village import find_village
from nlu.understanding import JsonValue
from storage.broadcasts import Draft
from storage.database import Store
from storage.lead_import import PAPER, PAPER_SLOT
from storage.words import EndReason, NoticeKind, Promise

log = structlog.get_logger()

#: The reply by which a village's forecast is counted: all announcements of officials have a template.
ANNOUNCEMENT = "siaran_isi"


@dataclass(slots=True)
class Scene:
    """Where effects act: one transaction, one person, one moment."""

    store: Store
    content: Content
    contact: Contact
    address_id: int
    now: datetime
    inbound_id: int
    heard: Heard
    rules: SendingRules
    door: int = 0
    about_other: bool = False


def apply(event: Event, scene: Scene) -> None:
    """Carry out one event."""
    match event:
        case ReplyChosen():
            queue_reply(event.rendered, scene)
        case ConsentGiven():
            scene.store.consents.give(
                scene.contact.id, event.purposes, event.version, scene.now, via=scene.contact.channel
            )
        case ConsentRefused():
            refuse_consent(event, scene)
        case ConsentWithdrawn():
            withdraw_consent(event, scene)
        case ProfileLearned():
            learn_profile(event, scene)
        case LeadSubmitted() | LeadChanged():
            about_lead(event, scene)
        case ReminderPlanned():
            plan_reminder(event, scene)
        case ReminderStopped():
            scene.store.reminders.stop(scene.contact.id, scene.now, (Promise.CONTRIBUTION,))
        case FollowUpPlanned():
            scene.store.reminders.follow_up(scene.contact.id, event.kind, scene.now, scene.address_id)
        case FollowUpDropped():
            drop_follow_ups(event, scene)
        case DraftReminderPlanned():
            remind_of_draft(scene)
        case BroadcastSent() | BroadcastSteered() | PictureDropped():
            about_broadcast(event, scene)
        case (
            GatheringMade()
            | GatheringChanged()
            | GatheringCancelled()
            | GatheringAnswered()
            | CheckedIn()
            | FeedbackGiven()
            | InputGiven()
        ):
            about_gathering(event, scene)
        case HandoffRequested() | GraveHeard():
            call_staff(event, scene)
        case NotUnderstood():
            if not scene.about_other:  # what is said of somebody else is not kept to learn from
                scene.store.not_understood.add(scene.contact.id, scene.heard.text, event.ranking, scene.now)
        case DataErasureRequested():
            erase(scene)
        case JoinCodeShown():
            show_join_code(event, scene)
        case AccountsJoined():
            join_accounts(event, scene)
        case DraftHeld() | DraftTaken() | DraftRefused():
            about_draft(event, scene)
        case PersonSwitched() | PersonLeft() | OthersNamed():
            about_mates(event, scene)
        case OwnLeadWanted() | PictureWanted():
            return  # the turn was decided again with it
        case ConversationFailed():
            log.error("conversation_failed", contact=scene.contact.id, reason=event.reason)
        case _:
            assert_never(event)


def queue_reply(rendered: Rendered, scene: Scene) -> None:
    """One message to the person who wrote."""
    scene.store.outbox.queue(
        scene.contact.id,
        scene.address_id,
        Kind.REPLY,
        rendered.text,
        scene.now,
        reply=rendered.reply[:80],
        taps=taps_of(rendered, scene.contact.channel),
        image=rendered.image,
        slots=as_slots(rendered.card),
        content_version=scene.content.version,
        inbound_id=scene.inbound_id,
    )


def taps_of(rendered: Rendered, channel: Channel) -> list[dict[str, JsonValue]]:
    """Buttons and choices as rows keep them; what a phone there can't share is not offered."""
    shown = [button for button in rendered.buttons if channel in SHARING or button.id not in SHARES]
    taps = [_tap(button, "button") for button in shown]
    return taps + [_tap(button, "choice") for button in rendered.choices]


def _tap(button: Button, place: str) -> dict[str, JsonValue]:
    return {"id": button.id, "label": button.label, "hint": button.hint, "place": place}


def withdraw_consent(event: ConsentWithdrawn, scene: Scene) -> None:
    """At once, also for what is queued. Without consent to register nothing of the form may stay."""
    withdraw(scene.store, scene.contact.id, event.purposes, scene.now, via=scene.contact.channel)
    if event.forget:
        scene.store.erasure.forget_registration(scene.contact.id)
        drop_follow_ups(FollowUpDropped((FollowUp.CONTACTED,)), scene)


def refuse_consent(event: ConsentRefused, scene: Scene) -> None:
    """A no to what was given before takes it back; a no to what was never given is just recorded."""
    scene.store.consents.refuse(scene.contact.id, event.purposes, event.version, scene.now, via=scene.contact.channel)
    scene.store.outbox.skip_resting_on(scene.contact.id, event.purposes, "opted_out")
    if Purpose.REMINDERS in event.purposes:
        scene.store.reminders.stop(scene.contact.id, scene.now, (Promise.CONTRIBUTION,))


def learn_profile(event: ProfileLearned, scene: Scene) -> None:
    """Keep village, name or phone with the contact; a reminder keeps its local hour in a new zone."""
    scene.store.contacts.learn(scene.contact.id, village=event.village, name=event.name or None, phone=event.phone)
    village = find_village(event.village, scene.content) if event.village else None
    if village is not None:
        scene.contact = replace(scene.contact, village=village)


def plan_reminder(event: ReminderPlanned, scene: Scene) -> None:
    """A reminder is a row with the moment it is next due, and comes where it was asked for.

    Who says that they paid no longer gets the one that waits for morning.
    """
    known = scene.contact.reminder
    if event.plan.paid_through and (known is None or known.paid_through != event.plan.paid_through):
        scene.store.outbox.skip_pending(scene.contact.id, (Kind.REMINDER,), EndReason.DONE)
    scene.contact = replace(scene.contact, reminder=event.plan)
    if event.plan.next is not None:
        due = due_moment(event.plan.next, event.plan, scene.contact.zone)
        scene.store.reminders.plan(scene.contact.id, event.plan, due, scene.address_id)


def drop_follow_ups(event: FollowUpDropped, scene: Scene) -> None:
    """Nobody asks any more; what is queued is skipped. Somebody who does not want it is never asked again."""
    if event.unwanted:
        scene.store.reminders.refuse_follow_ups(scene.contact.id, scene.now)
    else:
        scene.store.reminders.stop(scene.contact.id, scene.now, [Promise(kind.value) for kind in event.kinds])
    reason = Reason.OPTED_OUT.value if event.unwanted else EndReason.DONE.value
    scene.store.outbox.skip_pending(scene.contact.id, (Kind.FOLLOW_UP,), reason)


def submit_lead(event: LeadSubmitted, scene: Scene) -> None:
    """The writer's own lead, or that of a neighbour who agreed on paper: a contact of its own, with that consent."""
    contact_id = scene.contact.id
    if PAPER_SLOT in event.fields:
        village = event.fields.get("desa")
        code = str(village["code"]) if isinstance(village, dict) else None
        contact_id = scene.store.contacts.make_on_paper(str(event.fields["nama"]), code, scene.now)
        scene.store.consents.give(contact_id, (Purpose.REGISTRATION,), event.consent_version, scene.now, via=PAPER)
        by = f"contact:{scene.contact.id}"
        scene.store.audit.record(by, "neighbour_registered", event.number, scene.now)
    else:
        scene.store.reminders.follow_up(contact_id, FollowUp.CONTACTED, scene.now, scene.address_id)
    scene.store.leads.submit(contact_id, event, scene.now)


def about_lead(event: LeadSubmitted | LeadChanged, scene: Scene) -> None:
    """A new registration, or the person's own correction, on record by the names of the answers."""
    if isinstance(event, LeadSubmitted):
        submit_lead(event, scene)
    elif scene.store.leads.change(scene.contact.id, event, scene.now):
        scene.store.audit.record(f"contact:{scene.contact.id}", "lead_changed", event.number, scene.now)


def remind_of_draft(scene: Scene) -> None:
    """Once, after the hours of the policy; a second wish replaces the first."""
    due = scene.now + timedelta(hours=int(scene.content.lexicon["kebijakan"]["jam_draf_diingatkan"]))
    scene.store.notices.drop(scene.contact.id, NoticeKind.DRAFT_WAITING, scene.now)
    scene.store.notices.add(scene.contact.id, NoticeKind.DRAFT_WAITING, {}, scene.now, due_at=due)


def show_join_code(event: JoinCodeShown, scene: Scene) -> None:
    """The code is worth something for as long as content says."""
    minutes = int(scene.content.lexicon["kebijakan"]["menit_kode_gabung"])
    scene.store.joining.offer(scene.contact.id, event.code, scene.now + timedelta(minutes=minutes))


def about_draft(event: DraftHeld | DraftTaken | DraftRefused, scene: Scene) -> None:
    """What was written for somebody else waits for that person, for as long as content says."""
    if not isinstance(event, DraftHeld):
        end_draft(event, scene)
        return
    hours = int(scene.content.lexicon["kebijakan"]["jam_kode_titipan"])
    scene.store.lead_drafts.hold(scene.contact.id, event.code, event.fields, scene.now + timedelta(hours=hours))


def end_draft(event: DraftTaken | DraftRefused, scene: Scene) -> None:
    """The code is used up; who wrote it learns what became of it, without the name."""
    by = scene.store.lead_drafts.drop(event.code)
    if by is None:
        return
    slots: dict[str, SlotValue] = {}
    if isinstance(event, DraftTaken):
        scene.store.audit.record(f"contact:{by}", "neighbour_registered", event.number, scene.now)
        slots = {"nomor": event.number}
    address = scene.store.contacts.current_address(by)
    if address is not None:
        reply = "titipan_disetujui_kabar" if slots else "titipan_ditolak_kabar"
        rendered = scene.content.render(reply, scene.now.date(), slots)
        taps, version = taps_of(rendered, address.channel), scene.content.version
        queue = scene.store.outbox.queue
        queue(by, address.id, Kind.REPLY, rendered.text, scene.now, reply=reply, taps=taps, content_version=version)


def call_staff(event: HandoffRequested | GraveHeard, scene: Scene) -> None:
    """The person wants a person, or said something grave that staff see first."""
    grave = isinstance(event, GraveHeard)
    reason = event.kind if isinstance(event, GraveHeard) else event.reason
    scene.store.handoffs.open(scene.contact.id, reason, scene.now, grave=grave)


def about_mates(event: PersonSwitched | PersonLeft | OthersNamed, scene: Scene) -> None:
    """What concerns several people on one phone must not stay in the conversation of one of them."""
    scene.about_other = True
    match event:
        case PersonSwitched():
            switch_person(event, scene)
        case PersonLeft():
            leave_phone(scene)
        case OthersNamed():
            return


def switch_person(event: PersonSwitched, scene: Scene) -> None:
    """Somebody else has the phone: what follows is said to them, and what they typed already is theirs."""
    village = scene.contact.village.code if scene.contact.village else None
    contacts = scene.store.contacts
    to = event.to if event.to is not None else contacts.add_beside(scene.address_id, village, scene.now)
    contacts.put_in_front(scene.address_id, to)
    scene.contact = contacts.view(to)


def leave_phone(scene: Scene) -> None:
    """Nothing comes here for that person any more, and nothing said here is theirs; their registration stays."""
    gone = scene.contact.id
    scene.store.outbox.skip_pending(gone, set(Kind), EndReason.NO_ADDRESS.value)
    scene.store.reminders.stop(gone, scene.now)
    scene.store.sessions.forget(gone)
    front = scene.store.contacts.leave(gone, scene.address_id, scene.now)
    scene.store.audit.record("bot", "phone_left", f"contact:{gone}", scene.now)
    scene.contact = scene.store.contacts.view(front)


def erase(scene: Scene) -> None:
    """Forget the person; on a phone that others use the receipt is left in the conversation that goes on there."""
    others = scene.store.contacts.mates(scene.contact.id)
    scene.store.erasure.erase(scene.contact.id, scene.now)
    if others:
        scene.contact = scene.store.contacts.view(others[0].id)


def join_accounts(event: AccountsJoined, scene: Scene) -> None:
    """The other contact becomes this one, on record."""
    if scene.store.joining.join(scene.contact.id, event.other, scene.now):
        target = f"contact:{scene.contact.id}"
        scene.store.audit.record("bot", "contacts_joined", target, scene.now, f"contact:{event.other}")


def about_broadcast(event: BroadcastSent | BroadcastSteered | PictureDropped, scene: Scene) -> None:
    """What an official decided about an announcement, or about the picture that was to go with one."""
    match event:
        case BroadcastSent():
            start_broadcast(event, scene)
        case BroadcastSteered():
            steer_broadcast(event, scene)
        case PictureDropped():
            scene.store.pictures.drop(event.picture)


def start_broadcast(event: BroadcastSent, scene: Scene) -> None:
    """Freeze the audience of the official's own village, now or later, or let a second person look first."""
    draft = Draft(
        Target((event.village,), occupations=event.occupations),
        event.text,
        event.reply,
        scene.content.version,
        kept(event.slots),
        reviewed=event.reviewed,
        by_contact=scene.contact.id,
        picture_id=event.picture,
    )
    if event.picture is not None and not scene.store.pictures.take(event.picture):
        raise LookupError("the picture is gone")  # never without it: the official saw it in the preview
    if event.waits or event.at is not None:
        broadcast = scene.store.broadcasts.draft(draft, scene.now)
        scene.store.broadcasts.submit(broadcast, event.at or scene.now, approval=event.waits)
    else:
        scene.store.broadcasts.send_now(draft, leaving(scene.content.lexicon, event.reply, scene.now, scene.rules))


def steer_broadcast(event: BroadcastSteered, scene: Scene) -> None:
    """Hold, continue or stop it; the sender asks before every message."""
    match event.how:
        case "pause":
            scene.store.broadcasts.pause(event.broadcast)
        case "resume":
            scene.store.broadcasts.resume(event.broadcast)
        case "cancel":
            scene.store.broadcasts.cancel(event.broadcast, scene.now)


OfGathering = (
    GatheringMade | GatheringChanged | GatheringCancelled | GatheringAnswered | CheckedIn | FeedbackGiven | InputGiven
)


def about_gathering(event: OfGathering, scene: Scene) -> None:
    """What a person or an official did about a gathering."""
    match event:
        case GatheringMade():
            make_gathering(event, scene)
        case GatheringChanged():
            scene.store.gatherings.change(event.gathering, event.change, scene.now)
        case GatheringCancelled():
            scene.store.gatherings.cancel(event.gathering, scene.now)
        case GatheringAnswered():
            scene.store.gatherings.answer(event.gathering, scene.contact.id, event.attending, scene.now)
        case CheckedIn():
            scene.store.gatherings.check_in(event.gathering, scene.contact.id, scene.now)
        case FeedbackGiven():
            scene.store.gatherings.say_useful(event.gathering, scene.contact.id, event.useful)
        case InputGiven():
            scene.store.gatherings.say_input(event.gathering, scene.contact.id, event.role, event.answers, scene.now)


def make_gathering(event: GatheringMade, scene: Scene) -> None:
    """Keep it and note whom to invite; the clock's next tick queues the invitations."""
    door = scene.store.gatherings.free_door(scene.door)
    made = scene.store.gatherings.make(event.draft, door, scene.now, by_contact=scene.contact.id)
    scene.store.gatherings.invite(made, scene.now)
