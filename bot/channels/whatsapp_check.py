"""What `rangkul channels setup whatsapp` looks at: token, number, quality, tier, webhook and templates.

Gives findings by key; their sentences are in content/lexicon/whatsapp.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.channels.errors import AccountBroken, SendError, Unreachable
from bot.channels.findings import Finding, Level
from bot.channels.whatsapp import WhatsAppChannel
from bot.channels.whatsapp_json import items, text
from bot.channels.whatsapp_templates import Template

SCOPES = ("whatsapp_business_messaging", "whatsapp_business_management")
_NUMBER_FIELDS = "display_phone_number,verified_name,quality_rating,name_status,status,code_verification_status"
_TIER_FIELD = "whatsapp_business_manager_messaging_limit"
_TEMPLATE_FIELDS = "name,language,status,category,quality_score,rejected_reason,components"
_PAGES = 20
_NAME_FINE = frozenset({"APPROVED", "AVAILABLE_WITHOUT_REVIEW", "NONE"})

_STATES: Mapping[str, tuple[str, Level]] = {
    "PENDING": ("template_pending", "warn"),
    "IN_APPEAL": ("template_pending", "warn"),
    "REJECTED": ("template_rejected", "bad"),
    "PAUSED": ("template_paused", "bad"),
    "DISABLED": ("template_disabled", "bad"),
}


async def check(channel: WhatsAppChannel, tiers: Mapping[str, int | None]) -> list[Finding]:
    """Look at everything, in the order in which it should be repaired. Never raises for what Meta answers.

    Args:
        channel: the account looked at, with the templates it should have.
        tiers: `PlatformLimits.tiers`.
    """
    try:
        return [
            *await _token(channel),
            *await _number(channel, tiers),
            *await _subscription(channel),
            *await _templates(channel),
        ]
    except Unreachable:
        return [_found("api_unreachable", "bad")]
    except AccountBroken as broken:
        return [_found("token_refused", "bad", code=broken.detail)]
    except SendError as refused:
        return [_found("api_refused", "bad", code=refused.detail)]


def _found(key: str, level: Level, **values: str) -> Finding:
    return Finding(key, level, values)


async def _token(channel: WhatsAppChannel) -> list[Finding]:
    answer = await channel.fetch("debug_token", input_token=channel.details.token.get_secret_value())
    told = answer.get("data")
    if not isinstance(told, dict) or told.get("is_valid") is not True:
        return [_found("token_invalid", "bad")]
    scopes = items(told.get("scopes")) or []
    missing = [scope for scope in SCOPES if scope not in scopes]
    if missing:
        return [_found("token_scopes", "bad", scopes=", ".join(missing))]
    expires = told.get("expires_at")
    if isinstance(expires, int) and 0 < expires < 10**11:
        return [_found("token_expires", "warn", day=datetime.fromtimestamp(expires, UTC).date().isoformat())]
    return [_found("token_ok", "ok")]


async def _number(channel: WhatsAppChannel, tiers: Mapping[str, int | None]) -> list[Finding]:
    told = await channel.fetch(channel.account, fields=f"{_NUMBER_FIELDS},{_TIER_FIELD}")
    number = text(told.get("display_phone_number")) or "?"
    found = [_found("number_ok", "ok", number=number, name=text(told.get("verified_name")) or "?")]
    if told.get("status") not in (None, "CONNECTED"):
        found = [_found("number_not_connected", "bad", number=number, status=str(told["status"]))]
    if told.get("name_status") is not None and told["name_status"] not in _NAME_FINE:
        found.append(_found("name_not_approved", "warn", status=str(told["name_status"])))
    found.append(_quality(told.get("quality_rating")))
    tier = told.get(_TIER_FIELD)
    found.append(_tier(tier if isinstance(tier, str) else "", tiers))
    return found


def _quality(rating: Any) -> Finding:
    match rating:
        case "RED":
            return _found("quality_red", "bad")
        case "YELLOW":
            return _found("quality_yellow", "warn")
        case "GREEN":
            return _found("quality_green", "ok")
        case _:
            return _found("quality_unknown", "ok")


def _tier(tier: str, tiers: Mapping[str, int | None]) -> Finding:
    if tier not in tiers:
        return _found("tier_unknown", "warn", tier=tier or "?")
    most = tiers[tier]
    return _found("tier_unlimited", "ok") if most is None else _found("tier", "ok", most=f"{most:,}".replace(",", "."))


async def _subscription(channel: WhatsAppChannel) -> list[Finding]:
    answer = await channel.fetch(f"{channel.details.waba_id}/subscribed_apps")
    return [_found("webhook_ok", "ok") if items(answer.get("data")) else _found("webhook_missing", "bad")]


async def _templates(channel: WhatsAppChannel) -> list[Finding]:
    theirs = {(t.get("name"), t.get("language")): t for t in await fetch_templates(channel)}
    return [_template(t, theirs.get((t.name, t.language))) for t in channel.templates.values()]


async def fetch_templates(channel: WhatsAppChannel) -> list[dict[str, Any]]:
    """Every template of the account as Meta has it, over all pages. Raises `SendError`."""
    templates: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    for _page in range(_PAGES):
        path = f"{channel.details.waba_id}/message_templates"
        answer = await channel.fetch(path, fields=_TEMPLATE_FIELDS, limit="100", **after)
        templates += [template for template in items(answer.get("data")) or () if isinstance(template, dict)]
        paging = answer.get("paging")
        cursors = paging.get("cursors") if isinstance(paging, dict) else None
        cursor = cursors.get("after") if isinstance(cursors, dict) else None
        if not isinstance(cursor, str) or not isinstance(paging, dict) or "next" not in paging:
            break
        after = {"after": cursor}
    return templates


def _template(ours: Template, theirs: Mapping[str, Any] | None) -> Finding:
    if theirs is None:
        return _found("template_missing", "bad", name=ours.name)
    status = theirs.get("status")
    if status == "APPROVED":
        same = ours.body in _bodies(theirs)
        return _found("template_ok" if same else "template_differs", "ok" if same else "bad", name=ours.name)
    known = _STATES.get(status) if isinstance(status, str) else None
    reason = text(theirs.get("rejected_reason")) or "?"
    return _found(*(known or ("template_state", "warn")), name=ours.name, status=str(status), reason=reason)


def _bodies(theirs: Mapping[str, Any]) -> Iterator[str]:
    for part in items(theirs.get("components")) or ():
        if isinstance(part, dict) and part.get("type") == "BODY":
            yield text(part.get("text")) or ""
