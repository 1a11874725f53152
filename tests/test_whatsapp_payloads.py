"""The table of WhatsApp payloads: one file of tests/payloads/whatsapp each, and what must be read out of it."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.channels.channel import AccountNews, Arrived, DeliveryReport, Ignored, Incoming, Moved, StopWish, Unread
from bot.channels.errors import SendError
from bot.channels.whatsapp_errors import error_class, refusal
from bot.channels.whatsapp_link import village_link
from bot.channels.whatsapp_news import NEWS
from bot.channels.whatsapp_read import read_webhook

FOLDER = Path(__file__).parent / "payloads" / "whatsapp"
PHONE_ID = "100000000000001"
EXPECTED: dict[str, list[str]] = {
    "account_alert": ["news account_alerts BUSINESS OBA_APPROVED"],
    "account_review": ["news account_review_update APPROVED"],
    "account_update": ["news account_update 62800000001 DISABLED_UPDATE"],
    "audio_voice": ["unsupported ID.9000000001 +62800001 '' label=audio Sari"],
    "business_capability": ["news business_capability_update 2000"],
    "button_reply": ["button ID.9000000001 +62800001 'daftar' label=Daftar sekarang Sari"],
    "call": ["ignored field_calls"],
    "changes_missing": ["unread changes"],
    "contact_card": ["contact_card ID.9000000001 +62800001 '+62800002' Sari"],
    "contact_card_requested": ["contact_card ID.9000000003 - '+62800003' Tono"],
    "contact_card_without_phone": ["unsupported ID.9000000001 +62800001 '' label=contacts Sari"],
    "contact_card_without_wa_id": ["contact_card ID.9000000001 +62800001 '08000003' Sari"],
    "contacts_not_list": ["unread message_contacts"],
    "document": ["unsupported ID.9000000001 +62800001 'ini kartu saya' label=document Sari"],
    "echo_of_business_app": ["ignored field_smb_message_echoes"],
    "edited": ["ignored edit"],
    "entry_empty": ["ignored empty"],
    "entry_not_list": ["unread entry"],
    "ephemeral": ["unsupported ID.9000000001 +62800001 '' label=ephemeral Sari"],
    "field_missing": ["unread field"],
    "field_not_yet_known": ["ignored field_unknown"],
    "flow_status": ["news flows 6627390910605886 FLOW_STATUS_CHANGE"],
    "form_reply": ["text ID.9000000001 +62800001 'Sari\\n30' Sari"],
    "form_reply_empty": ["unsupported ID.9000000001 +62800001 '' label=nfm_reply Sari"],
    "form_reply_not_json": ["text ID.9000000001 +62800001 'nama: Sari' Sari"],
    "form_reply_object": ["text ID.9000000001 +62800001 'Desa Contoh' Sari"],
    "good_and_broken_messages": [
        "text ID.9000000001 +62800001 'satu' Sari",
        "unread messages",
        "unread messages",
        "unread message_text",
        "text ID.9000000001 +62800001 'tiga' Sari",
    ],
    "group_message": ["ignored group_message"],
    "group_update": ["ignored field_group_lifecycle_update"],
    "history": ["ignored field_history"],
    "image": ["photo ID.9000000001 +62800001 'ini kartu saya' label=image file=300 Sari"],
    "image_held_missing": ["unsupported ID.9000000001 +62800001 '' label=image Sari"],
    "image_without_caption": ["photo ID.9000000001 +62800001 '' label=image file=300 Sari"],
    "interactive_not_object": ["unread message_interactive"],
    "interactive_unknown": ["unsupported ID.9000000001 +62800001 '' label=interactive Sari"],
    "list_at_top": ["unread not_an_object"],
    "list_reply": ["button ID.9000000001 +62800001 'pilih_jkm' label=Kematian Sari"],
    "list_reply_without_id": ["text ID.9000000001 +62800001 'Kematian' Sari"],
    "location": ["unsupported ID.9000000001 +62800001 '' label=location Sari"],
    "location_live": ["unsupported ID.9000000001 +62800001 '' label=location Sari"],
    "message_and_statuses": [
        "text ID.9000000001 +62800001 'ok' Sari",
        "report wamid.KELUAR1 delivered",
        "report wamid.KELUAR2 read",
    ],
    "messages_null": ["unread messages"],
    "number_name": ["news phone_number_name_update 62800000001 APPROVED"],
    "number_quality": ["news phone_number_quality_update 62800000001 DOWNGRADE tier_2k"],
    "object_instagram": ["ignored object_instagram"],
    "object_missing": ["unread object"],
    "object_page": ["ignored object_page"],
    "order": ["unsupported ID.9000000001 +62800001 '' label=order Sari"],
    "other_number": ["ignored other_number"],
    "preference_other_category": ["ignored preference_category"],
    "preference_resume": ["resume ID.9000000001", "resume 62800001"],
    "preference_signup": ["ignored preference_unknown"],
    "preference_stop": ["stop ID.9000000001", "stop 62800001"],
    "preference_stop_id_in_contact": ["stop ID.9000000003"],
    "preference_stop_without_phone": ["stop ID.9000000003"],
    "preference_without_person": ["unread user_preferences"],
    "reaction": ["ignored reaction"],
    "reaction_removed": ["ignored reaction"],
    "request_welcome": ["start ID.9000000001 +62800001 '' Sari"],
    "revoked": ["ignored revoke"],
    "same_message_twice": [
        "text ID.9000000001 +62800001 'jkm itu apa' Sari",
        "text ID.9000000001 +62800001 'jkm itu apa' Sari",
    ],
    "security": ["news security 62800000001 PIN_CHANGED"],
    "status_callback_data": ["report wamid.KELUAR1 sent"],
    "status_deleted": ["ignored status_deleted"],
    "status_delivered": ["report wamid.KELUAR1 delivered"],
    "status_failed_code_as_text": ["report wamid.KELUAR1 failed gone"],
    "status_failed_experiment": ["report wamid.KELUAR1 failed refused"],
    "status_failed_healthy_ecosystem": ["report wamid.KELUAR1 failed refused"],
    "status_failed_media": ["report wamid.KELUAR1 failed media_refused"],
    "status_failed_opted_out": ["report wamid.KELUAR1 failed opted_out"],
    "status_failed_pair_limit": ["report wamid.KELUAR1 failed pair_limit"],
    "status_failed_payment": ["report wamid.KELUAR1 failed account_broken"],
    "status_failed_rate": ["report wamid.KELUAR1 failed flood_wait"],
    "status_failed_something_went_wrong": ["report wamid.KELUAR1 failed unreachable"],
    "status_failed_spam": ["report wamid.KELUAR1 failed tier_used_up"],
    "status_failed_template_paused": ["report wamid.KELUAR1 failed template_paused"],
    "status_failed_undeliverable": ["report wamid.KELUAR1 failed gone"],
    "status_failed_unknown_code": ["report wamid.KELUAR1 failed refused"],
    "status_failed_window_closed": ["report wamid.KELUAR1 failed window_closed"],
    "status_failed_without_errors": ["report wamid.KELUAR1 failed refused"],
    "status_group": ["report wamid.KELUAR1 delivered"],
    "status_played": ["report wamid.KELUAR1 read"],
    "status_read": ["report wamid.KELUAR1 read"],
    "status_recipient_without_phone": ["report wamid.KELUAR1 delivered"],
    "status_sent": ["report wamid.KELUAR1 sent"],
    "status_unknown_word": ["ignored status_unknown"],
    "status_uppercase_warning": ["ignored status_unknown"],
    "status_without_id": ["unread status"],
    "status_without_word": ["unread status"],
    "statuses_not_list": ["unread statuses"],
    "statuses_out_of_order": [
        "report wamid.KELUAR1 read",
        "report wamid.KELUAR1 sent",
        "report wamid.KELUAR1 delivered",
    ],
    "sticker": ["unsupported ID.9000000001 +62800001 '' label=sticker Sari"],
    "system_identity_changed": ["ignored system"],
    "system_number_changed": ["moved ID.9000000001 -> ID.9000000005", "moved 62800001 -> ID.9000000005"],
    "system_number_changed_old_form": ["moved 62800001 -> 62800005"],
    "system_user_id_changed": ["moved ID.9000000003 -> ID.9000000006"],
    "system_without_new_id": ["unread message_system"],
    "template_approved": ["news message_template_status_update kabar_desa APPROVED none"],
    "template_button": ["button ID.9000000001 +62800001 'petugas' label=Bicara petugas Sari"],
    "template_button_empty": ["unread message_button"],
    "template_button_without_payload": ["text ID.9000000001 +62800001 'Berhenti' Sari"],
    "template_category": ["news template_category_update kabar_desa MARKETING"],
    "template_quality": ["news message_template_quality_update kabar_desa YELLOW green"],
    "template_rejected": ["news message_template_status_update kabar_desa REJECTED invalid_format"],
    "text": ["text ID.9000000001 +62800001 'jkm itu apa' Sari"],
    "text_bad_timestamp": ["unread message"],
    "text_blank": ["unread message_text"],
    "text_broken_surrogate": ["text ID.9000000001 +62800001 'halo ? ya' Sari"],
    "text_emoji_and_breaks": ["text ID.9000000001 +62800001 'halo 👋\\nsaya petani' Sari"],
    "text_forwarded": ["text ID.9000000001 +62800001 'info dari grup' Sari"],
    "text_huge_timestamp": ["unread message"],
    "text_id_only_in_contact": ["text ID.9000000003 - 'jkm itu apa' Tono"],
    "text_identity_hash": ["text ID.9000000001 +62800001 'jkm itu apa' Sari"],
    "text_no_body": ["unread message_text"],
    "text_no_id": ["unread message_text"],
    "text_no_metadata": ["text ID.9000000001 +62800001 'jkm itu apa' Sari"],
    "text_no_sender": ["unread message_text"],
    "text_no_type": ["unread message"],
    "text_numeric_timestamp": ["text ID.9000000001 +62800001 'jkm itu apa' Sari"],
    "text_old_without_user_id": ["text 62800001 +62800001 'jkm itu apa' Sari"],
    "text_parent_id": ["text ID.9000000001 +62800001 'jkm itu apa' Sari"],
    "text_referral_ad": ["text ID.9000000001 +62800001 'mau daftar' Sari"],
    "text_reply_context": ["text ID.9000000001 +62800001 'yang ini' Sari"],
    "text_username_no_phone": ["text ID.9000000003 - 'jkm itu apa' Tono"],
    "text_village_link": ["start ID.9000000001 +62800001 '00.00.00.0001' Sari"],
    "text_wa_id_differs_from_number": ["text ID.9000000001 +62800009 'jkm itu apa' Sari"],
    "text_without_contacts": ["text ID.9000000001 +62800001 'jkm itu apa'"],
    "two_changes": ["text ID.9000000001 +62800001 'satu' Sari", "report wamid.KELUAR1 sent"],
    "two_entries": ["text ID.9000000001 +62800001 'satu' Sari", "text ID.9000000002 +62800002 'dua' Budi"],
    "two_messages_two_people": ["text ID.9000000001 +62800001 'satu' Sari", "text ID.9000000002 +62800002 'dua' Budi"],
    "two_people_one_contact": ["text ID.9000000001 +62800001 'satu' Sari", "text ID.9000000002 +62800002 'dua'"],
    "unknown_kind": ["unsupported ID.9000000001 +62800001 '' label=hologram Sari"],
    "unsupported": ["unsupported ID.9000000001 +62800001 '' label=unsupported Sari"],
    "unsupported_poll": ["unsupported ID.9000000001 +62800001 '' label=unsupported Sari"],
    "user_id_update": ["moved ID.9000000003 -> ID.9000000006"],
    "user_id_update_flat": ["moved ID.9000000003 -> ID.9000000006"],
    "user_id_update_without_old": ["unread user_id_update"],
    "value_errors": ["ignored platform_error_130429"],
    "value_not_object": ["unread value"],
    "value_nothing_inside": ["ignored nothing_inside"],
    "video": ["unsupported ID.9000000001 +62800001 'ini kartu saya' label=video Sari"],
}


def told(part: Arrived) -> str:
    """A part as the table writes it."""
    match part:
        case Incoming():
            name = part.name.removesuffix(" (orang contoh)") if part.name else None
            label = f"label={part.label}" if part.label else None
            file = f"file={part.file}" if part.file else None
            bits = [part.kind.value, part.person_id, part.phone or "-", repr(part.text), label, file, name]
            return " ".join(bit for bit in bits if bit)
        case DeliveryReport():
            return " ".join(bit for bit in ("report", part.external_id, part.report.value, part.reason) if bit)
        case Moved():
            return f"moved {part.old_id} -> {part.new_id}"
        case StopWish():
            return f"{'stop' if part.stop else 'resume'} {part.person_id}"
        case AccountNews():
            return " ".join(bit for bit in ("news", part.reason, part.subject, part.state, part.detail) if bit)
        case Ignored():
            return f"ignored {part.reason}"
        case Unread():
            return f"unread {part.why}"
        case _:
            return repr(part)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_payload_is_read_as_the_table_says(name: str) -> None:
    raw = (FOLDER / f"{name}.json").read_bytes()
    assert [told(part) for part in read_webhook(raw, PHONE_ID)] == EXPECTED[name]


def test_every_payload_file_is_in_the_table() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(EXPECTED)
    assert len(EXPECTED) >= 60


def test_without_a_number_every_number_is_ours() -> None:
    raw = (FOLDER / "other_number.json").read_bytes()
    assert told(read_webhook(raw)[0]).startswith("text ID.9000000001")


def test_an_unread_part_keeps_its_own_bytes_only() -> None:
    parts = read_webhook((FOLDER / "good_and_broken_messages.json").read_bytes())
    kept = [part.payload for part in parts if isinstance(part, Unread)]
    assert kept[:2] == [b'"rusak"', b"null"]
    assert json.loads(kept[2])["id"] == "wamid.B"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"5",
        b"[" * 100_000,
        b'{"object":"whatsapp_business_account","entry":' + b"[" * 100_000,
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"messages":[{"id":"'
        + b"x" * 300
        + b'"}]}}]}]}',
    ],
)
def test_what_cannot_be_read_is_kept(raw: bytes) -> None:
    parts = read_webhook(raw)
    assert [type(part) for part in parts] == [Unread]
    assert isinstance(parts[0], Unread)
    assert bool(parts[0].payload) == bool(raw)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)
_WORDS = sorted(
    {"messages", "statuses", "errors", "contacts", "user_preferences", "user_id_update", "metadata", "phone_number_id"}
    | {"id", "from", "from_user_id", "user_id", "wa_id", "timestamp", "type", "text", "body", "interactive", "button"}
    | {
        "nfm_reply",
        "response_json",
        "system",
        "status",
        "code",
        "profile",
        "name",
        "phones",
        "phone",
        "value",
        "reason",
    }
)
_TYPES = ["text", "image", "interactive", "button", "contacts", "system", "reaction", "order", "request_welcome"]
_SHAPED = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([*_TYPES, "1795000000"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_WORDS), inner, max_size=6),
    max_leaves=30,
)
_FIELDS = st.sampled_from(["messages", "user_preferences", "user_id_update", "calls", "x", *NEWS])


def _dumped(value: object) -> bytes:
    return json.dumps(value).encode()


@given(_JSON)
def test_any_json_is_read_without_an_error(body: object) -> None:
    assert read_webhook(_dumped(body), PHONE_ID)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(raw: bytes) -> None:
    assert read_webhook(raw, PHONE_ID)


@given(_FIELDS, _SHAPED | st.dictionaries(st.sampled_from(_WORDS), _SHAPED, max_size=8))
def test_any_change_is_read_without_an_error(field: str, value: object) -> None:
    entry = {"id": "1", "changes": [{"field": field, "value": value}]}
    for part in read_webhook(_dumped({"object": "whatsapp_business_account", "entry": [entry]}), PHONE_ID):
        told(part).encode()  # nothing in it that a database or log could not hold


@example({"system": {"type": []}}, "system")  # a kind that has no hash
@given(st.dictionaries(st.sampled_from(_WORDS), _SHAPED, max_size=10), st.sampled_from(_TYPES))
def test_any_message_is_read_without_an_error(message: dict[str, object], kind: str) -> None:
    message |= {"type": kind, "id": "wamid.X", "from": "62800001", "timestamp": "1795000000"}
    value = {"messages": [message]}
    entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
    parts = read_webhook(_dumped({"object": "whatsapp_business_account", "entry": [entry]}))
    assert len(parts) >= 1


@given(st.integers(100, 599), _JSON | st.fixed_dictionaries({"error": _JSON}), st.none() | st.text(max_size=12))
def test_any_refusal_is_a_sending_error(status: int, body: object, retry_after: str | None) -> None:
    assert isinstance(refusal(status, body, retry_after), SendError)


@given(st.none() | st.integers())
def test_every_code_has_a_sending_error(code: int | None) -> None:
    assert issubclass(error_class(code), SendError)


@pytest.mark.parametrize("code", ["00.00.00.0001", "desa-contoh_1"])
def test_the_message_of_a_village_link_is_read_as_its_start(code: str) -> None:
    link = village_link("+62 800-0000-0001", "Halo, saya warga Desa Contoh & sekitarnya", code)
    assert link.startswith("https://wa.me/6280000000001?text=")
    sent = parse_qs(urlsplit(link).query)["text"][0]
    message = {"id": "wamid.X", "from": "62800001", "timestamp": "1795000000", "type": "text", "text": {"body": sent}}
    entry = {"id": "1", "changes": [{"field": "messages", "value": {"messages": [message]}}]}
    parts = read_webhook(_dumped({"object": "whatsapp_business_account", "entry": [entry]}))
    assert [(part.kind.value, part.text) for part in parts if isinstance(part, Incoming)] == [("start", code)]


def test_a_code_that_a_link_cannot_carry_is_refused() -> None:
    with pytest.raises(ValueError, match="village code"):
        village_link("62800", "Halo", "desa contoh)")
