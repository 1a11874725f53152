"""What WhatsApp tells about our account: templates, quality, limits, reviews. For staff, not for the conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.channels.channel import AccountNews
from bot.channels.whatsapp_json import identifier, text, word

#: field of a webhook -> where it names its subject and its new state
NEWS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "message_template_status_update": (("message_template_name",), ("event",)),
    "message_template_quality_update": (("message_template_name",), ("new_quality_score",)),
    "message_template_components_update": (("message_template_name",), ("event",)),
    "template_category_update": (("message_template_name",), ("new_category", "correct_category")),
    "template_correct_category_detection": (("message_template_name",), ("new_category", "correct_category")),
    "phone_number_quality_update": (("display_phone_number",), ("event",)),
    "phone_number_name_update": (("display_phone_number",), ("decision",)),
    "business_status_update": (("business_id",), ("event",)),
    "business_username_update": (("display_phone_number",), ("status",)),
    "business_username_updates": (("display_phone_number",), ("status",)),
    "business_capability_update": (
        (),
        ("max_daily_conversations_per_business", "max_daily_conversation_per_phone", "max_phone_numbers_per_business"),
    ),
    "account_update": (("phone_number",), ("event",)),
    "account_alerts": (("entity_type",), ("alert_type", "alert_status")),
    "account_review_update": ((), ("decision",)),
    "account_settings_update": ((), ("type", "event")),
    "automatic_events": ((), ("event_name",)),
    "payment_configuration_update": (("configuration_name",), ("status",)),
    "security": (("display_phone_number",), ("event",)),
    "flows": (("flow_id",), ("event",)),
}


def read_news(field: str, value: Mapping[str, Any]) -> AccountNews:
    """The news of one change; what it lacks stays empty."""
    subjects, states = NEWS[field]
    return AccountNews(
        reason=field,
        subject=_first(value, subjects),
        state=_first(value, states),
        detail=_detail(value),
    )


def _first(value: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    found = (identifier(value.get(key)) for key in keys)
    return next((name for name in found if name), "")


def _detail(value: Mapping[str, Any]) -> str:
    for key in ("reason", "current_limit", "previous_quality_score", "rejection_reason"):
        if text(value.get(key)):
            return word(value[key])
    return ""
