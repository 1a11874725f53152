"""The webhooks of the emulated WhatsApp, shaped as Meta documents them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.emulators.whatsapp_state import KeptTemplate, Person, Taken


@dataclass(frozen=True, slots=True)
class Sender:
    """The business number that webhooks are about."""

    phone_id: str
    waba_id: str
    display: str

    def wrap(self, field: str, value: Mapping[str, Any], now: float) -> dict[str, Any]:
        """One change in Meta's envelope."""
        changes = [{"value": value, "field": field}]
        return {
            "object": "whatsapp_business_account",
            "entry": [{"id": self.waba_id, "time": int(now), "changes": changes}],
        }

    def _value(self, **parts: Any) -> dict[str, Any]:
        metadata = {"display_phone_number": self.display, "phone_number_id": self.phone_id}
        return {"messaging_product": "whatsapp", "metadata": metadata, **parts}

    def message(self, person: Person, message_id: str, now: float, said: Mapping[str, Any]) -> dict[str, Any]:
        """A person wrote; `said` holds `type` and what goes with it."""
        addressed = {"from_user_id": person.user_id} | ({} if person.hides_phone else {"from": person.phone})
        message = {**addressed, "id": message_id, "timestamp": str(int(now)), **said}
        return self.wrap("messages", self._value(contacts=[contact(person)], messages=[message]), now)

    def status(self, taken: Taken, status: str, now: float) -> dict[str, Any]:
        """What became of a message. A failed one names no contact."""
        addressed = {"recipient_user_id": taken.person.user_id} | (
            {} if taken.person.hides_phone else {"recipient_id": taken.person.phone}
        )
        told: dict[str, Any] = {"id": taken.id, "status": status, "timestamp": str(int(now)), **addressed}
        if status == "failed":
            told["errors"] = [{"code": taken.failure, "title": "failed", "error_data": {"details": "failed"}}]
            return self.wrap("messages", self._value(statuses=[told]), now)
        told["pricing"] = {
            "billable": taken.category != "service",
            "pricing_model": "PMP",
            "category": taken.category,
            "type": "regular",
        }
        return self.wrap("messages", self._value(contacts=[contact(taken.person)], statuses=[told]), now)

    def preference(self, person: Person, now: float, *, stop: bool) -> dict[str, Any]:
        """The person switched marketing messages off or on."""
        value = "stop" if stop else "resume"
        wish = {**_ids(person), "category": "marketing_messages", "value": value, "timestamp": int(now)}
        wish["detail"] = f"User requested to {value} marketing messages"
        return self.wrap("user_preferences", self._value(contacts=[contact(person)], user_preferences=[wish]), now)

    def moved(self, person: Person, old: str, old_phone: str, message_id: str, now: float) -> dict[str, Any]:
        """The person has a new id, and perhaps a new number."""
        renumbered = old_phone != person.phone
        system = {"type": "user_changed_number" if renumbered else "user_changed_user_id", "body": "User changed"}
        system |= {"previous_user_id": old, "user_id": person.user_id} | ({"wa_id": person.phone} if renumbered else {})
        message: dict[str, Any] = {"id": message_id, "timestamp": str(int(now)), "type": "system", "system": system}
        message |= {"from": old_phone} if renumbered else {}
        return self.wrap("messages", self._value(messages=[message]), now)

    def template(self, field: str, kept: KeptTemplate, now: float) -> dict[str, Any]:
        """A template's state or quality changed."""
        named = {
            "message_template_id": kept.id,
            "message_template_name": kept.form["name"],
            "message_template_language": kept.form["language"],
        }
        if field == "message_template_quality_update":
            named |= {"previous_quality_score": "GREEN", "new_quality_score": kept.quality}
        else:
            named |= {"event": kept.status, "reason": "NONE"}
        return self.wrap(field, named, now)


def contact(person: Person) -> dict[str, Any]:
    """A person as webhooks name them."""
    profile = {"name": person.name} | ({"username": person.username} if person.username else {})
    return {"profile": profile, **_ids(person)}


def _ids(person: Person) -> dict[str, Any]:
    return {"user_id": person.user_id} | ({} if person.hides_phone else {"wa_id": person.phone})
