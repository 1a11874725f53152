"""Forgetting a person: what is personal is overwritten at once; rows that prove what we did stay, tied to nobody.

Only the address outlives the moment, because the receipt still has to reach it; `finish` blanks it once nothing is on
its way. What stays: the receipt number of a lead, the dates of consents, and that messages were sent.
"""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import exists, select, update

from flows.contact import LeadState
from flows.outreach.sending_policy import Kind
from storage.contacts import Contacts
from storage.leads import MERGED, NIK_SLOT, PHONE_SLOT
from storage.outbox import Outbox
from storage.pictures import Pictures
from storage.repository import Repository
from storage.tables import (
    ADDRESS,
    CONTACT,
    GATHERING_INPUT,
    HANDOFF,
    INBOUND,
    JOIN_CODE,
    LEAD,
    LEAD_DRAFT,
    LEAD_MOVE,
    LEAD_UPLOAD,
    NOT_UNDERSTOOD,
    NOTICE,
    OUTBOX,
    PASSING_TALK,
    REMINDER,
    SESSION,
    UNREAD,
)
from storage.words import EndReason, InboundState, OutboxState, UploadState

#: A shorter id could stand in anybody's payload by chance.
_LEAST_TELLING = 6


class Erasure(Repository):
    """Erase a contact, and finish the job once the receipt has left."""

    __slots__ = ()

    def erase(self, contact_id: int, now: datetime) -> list[str]:
        """Overwrite all that is personal. Queue the receipt afterwards. Returns the lead numbers that stay."""
        contacts = Contacts(self._db, self._sealer, self._village_of)
        self._forget_with_mates([mate.id for mate in contacts.mates(contact_id)])
        contacts.hand_over(contact_id)
        Outbox(self._db, self._sealer, self._village_of).skip_pending(contact_id, set(Kind), EndReason.ERASED)
        self._forget_unread(contact_id)
        self._forget_talk(contact_id)
        Pictures(self._db, self._sealer, self._village_of).drop_of(contact_id)
        for code in (JOIN_CODE, LEAD_DRAFT):
            self._db.execute(code.delete().where(code.c.contact_id == contact_id))
        self.forget_passing(now)
        self._forget_uploads()
        numbers = self._forget_leads(contact_id)
        blank = {"name": None, "village_code": None, "zone": None, "erased_at": now}
        blank |= {"rt": None, "rw": None, "language": None}
        self._db.execute(update(CONTACT).where(CONTACT.c.id == contact_id).values(blank))
        self._db.execute(update(ADDRESS).where(ADDRESS.c.contact_id == contact_id).values(phone=None, phone_hash=None))
        return numbers

    def finish(self, limit: int = 500, *, erased_before: datetime | None = None) -> int:
        """Blank the addresses and messages of erased contacts to whom nothing is on its way. Returns how many.

        With `erased_before` only who was erased by then: a chat page needs a moment to fetch the receipt.

        Who still has a current address is not finished: it is there even when the person has written again and the
        address itself went to a new contact.
        """
        moving = exists().where(
            OUTBOX.c.contact_id == CONTACT.c.id, OUTBOX.c.state.in_([OutboxState.DUE, OutboxState.SENDING])
        )
        unheard = exists().where(INBOUND.c.contact_id == CONTACT.c.id, INBOUND.c.state == InboundState.WAITING)
        left = select(CONTACT.c.id).where(
            CONTACT.c.erased_at.is_not(None), CONTACT.c.address_id.is_not(None), ~moving, ~unheard
        )
        if erased_before is not None:
            left = left.where(CONTACT.c.erased_at <= erased_before)
        people = self._db.scalars(left.limit(limit)).all()
        for contact_id in people:
            self._blank_messages(contact_id)
            blank = {"external_id": None, "external_hash": None, "last_inbound_at": None}
            self._db.execute(update(ADDRESS).where(ADDRESS.c.contact_id == contact_id).values(blank))
            self._db.execute(update(CONTACT).where(CONTACT.c.id == contact_id).values(address_id=None))
        return len(people)

    def forget_registration(self, contact_id: int) -> list[str]:
        """Consent to register was taken back: the form goes, its receipt number stays. Returns the numbers."""
        return self._forget_leads(contact_id)

    def note_passing(self, inbound_id: int, contact_id: int, now: datetime) -> None:
        """Note a message that was typed into a form about somebody else, who may ask to be forgotten."""
        row = {"inbound_id": inbound_id, "contact_id": contact_id, "at": now}
        once = self._insert(PASSING_TALK).values(row).on_conflict_do_nothing(index_elements=["inbound_id"])
        self._db.execute(once)

    def forget_passing(self, until: datetime) -> int:
        """Blank such messages and our answers to them, but for what is still on its way. Returns how many."""
        over = select(PASSING_TALK.c.inbound_id, PASSING_TALK.c.contact_id).where(PASSING_TALK.c.at <= until)
        forgotten = 0
        for inbound_id, contact_id in self._db.execute(over).all():
            answers = (OUTBOX.c.contact_id == contact_id, OUTBOX.c.inbound_id == inbound_id)
            ended = OUTBOX.c.state.not_in([OutboxState.DUE, OutboxState.SENDING])
            blank = {"body": None, "taps": None, "slots": None}
            self._db.execute(update(OUTBOX).where(*answers, ended).values(blank))
            heard = (INBOUND.c.id == inbound_id, INBOUND.c.state != InboundState.WAITING)
            self._db.execute(update(INBOUND).where(*heard).values(body=None))
            left = select(OUTBOX.c.id).where(*answers, OUTBOX.c.body.is_not(None)).limit(1)
            if self._db.scalar(left) is None:
                self._db.execute(PASSING_TALK.delete().where(PASSING_TALK.c.inbound_id == inbound_id))
                forgotten += 1
        return forgotten

    def forget_drafts(self, untouched_since: datetime, limit: int = 500) -> int:
        """Drop conversations nobody went on with. Who never submitted a lead has their messages blanked as well."""
        old = select(SESSION.c.contact_id).where(SESSION.c.touched_at < untouched_since).limit(limit)
        people = self._db.scalars(old).all()
        for contact_id in people:
            if self._db.scalar(select(LEAD.c.id).where(LEAD.c.contact_id == contact_id).limit(1)) is None:
                self._blank_messages(contact_id)
            self._db.execute(SESSION.delete().where(SESSION.c.contact_id == contact_id))
        return len(people)

    def _forget_with_mates(self, mates: list[int]) -> None:
        """What was last offered to others on the same phone may name this person."""
        for row in self._db.execute(select(SESSION).where(SESSION.c.contact_id.in_(mates))).all():
            state = json.dumps({**json.loads(row.state), "options": []}, ensure_ascii=False)
            self._db.execute(update(SESSION).where(SESSION.c.contact_id == row.contact_id).values(state=state))

    def _forget_talk(self, contact_id: int) -> None:
        self._blank_messages(contact_id)
        for table in (SESSION, REMINDER, NOT_UNDERSTOOD, HANDOFF, NOTICE, GATHERING_INPUT):
            self._db.execute(table.delete().where(table.c.contact_id == contact_id))

    def _forget_unread(self, contact_id: int) -> None:
        """Payloads that no channel could read may name anyone: those that name this person go."""
        here = select(ADDRESS.c.external_id, ADDRESS.c.phone).where(ADDRESS.c.contact_id == contact_id)
        known = [value for row in self._db.execute(here) for value in row]
        for fields in self._db.scalars(select(LEAD.c.fields).where(LEAD.c.contact_id == contact_id)):
            known += [fields.get(slot) for slot in (NIK_SLOT, PHONE_SLOT)] if fields else []
        names = [str(value).removeprefix("+62") for value in known if value and len(str(value)) >= _LEAST_TELLING]
        if names:
            rows = self._db.execute(select(UNREAD.c.id, UNREAD.c.payload))
            gone = [row.id for row in rows if any(name in row.payload for name in names)]
            self._db.execute(UNREAD.delete().where(UNREAD.c.id.in_(gone)))

    def _blank_messages(self, contact_id: int) -> None:
        """The rows stay so that a webhook delivered again is still known; what they said is gone.

        A message that waits for its turn keeps its words: the person wrote it after asking to be forgotten.
        """
        over = INBOUND.c.state != InboundState.WAITING
        self._db.execute(update(INBOUND).where(INBOUND.c.contact_id == contact_id, over).values(body=None))
        ended = OUTBOX.c.state.not_in([OutboxState.DUE, OutboxState.SENDING])
        blank = {"body": None, "taps": None, "slots": None, "external_id": None}
        self._db.execute(update(OUTBOX).where(OUTBOX.c.contact_id == contact_id, ended).values(blank))

    def _forget_uploads(self) -> None:
        """A spreadsheet that was handed in may name the person. Which one can't be told; staff have theirs."""
        blank = {"name": None, "file": None, "shown": None, "errors": None}
        at_rest = LEAD_UPLOAD.c.state.not_in([UploadState.CHECKING, UploadState.TAKING])
        self._db.execute(update(LEAD_UPLOAD).where(at_rest).values(blank))

    def _forget_leads(self, contact_id: int) -> list[str]:
        mine = self._leads_of(contact_id)
        self._db.execute(update(LEAD_MOVE).where(LEAD_MOVE.c.lead_id.in_(mine)).values(note=None))
        blank = {"fields": None, "nik_hash": None, "phone_hash": None, "village_code": None, "official_number": None}
        blank |= {"occupation": None, "sector": None, "program": None}
        closed = {"state": LeadState.CLOSED, "close_reason": EndReason.ERASED.value, "assigned_to": None}
        erased = update(LEAD).where(LEAD.c.id.in_(mine)).values(**blank, **closed)
        return sorted(self._db.scalars(erased.returning(LEAD.c.number)))

    def _leads_of(self, contact_id: int) -> list[int]:
        """Their leads, with what was merged into one and what one was merged into: it is the same person's."""
        rows = self._db.execute(
            select(LEAD.c.id, LEAD.c.close_reason, LEAD.c.duplicate_of).where(LEAD.c.contact_id == contact_id)
        ).all()
        mine = {row.id for row in rows} | {row.duplicate_of for row in rows if row.close_reason == MERGED}
        merged = select(LEAD.c.id).where(LEAD.c.duplicate_of.in_(mine), LEAD.c.close_reason == MERGED)
        return sorted(mine | set(self._db.scalars(merged)))
