"""Settings: config.yaml, then the environment (RANGKUL_WEB__PORT=9000). A mistyped key names the nearest known one."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from datetime import time, timedelta
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from flows.contact import LeadState
from flows.outreach.sending_policy import SendingRules


class ConfigBroken(Exception):
    """The settings can't be used; the message says what to change."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StoreSettings(_Part):
    """Where rows are kept, and the keys that seal them."""

    url: str = "sqlite:///var/data/rangkul.db"
    keys: Path = Path("var/keys/rangkul.keys")


class WebSettings(_Part):
    """Where HTTP listens."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    https: bool = False
    public_address: str = ""


class NluSettings(_Part):
    """Which engine understands."""

    engine: Literal["default", "rasa"] = "default"
    rasa_url: str = "http://127.0.0.1:5005"
    rasa_timeout: float = Field(default=2.0, gt=0)
    cache: Path = Path("var/nlu")


class ContentSettings(_Part):
    """How content is reloaded."""

    reload_every: float = Field(default=5, gt=0)


class SendingSettings(_Part):
    """When we may write to people first."""

    awake_from: time = time(7)
    awake_until: time = time(20)
    friday_prayer_from: time = time(11, 30)
    friday_prayer_until: time = time(13)
    on_holidays: bool = False
    most_a_week: int = Field(default=3, ge=0)
    reminder_too_late_after_days: int = Field(default=2, ge=0)
    follow_up_too_late_after_days: int = Field(default=3, ge=0)
    broadcast_too_late_after_days: int = Field(default=3, ge=0)
    most_without_approval: int = Field(default=500, ge=0)
    tick_every: float = Field(default=1, gt=0)

    def rules(self) -> SendingRules:
        """The same as the sending policy takes it."""
        return SendingRules(
            awake_from=self.awake_from,
            awake_until=self.awake_until,
            prayer_from=self.friday_prayer_from,
            prayer_until=self.friday_prayer_until,
            on_holidays=self.on_holidays,
            most_a_week=self.most_a_week,
            follow_up_too_late_after=timedelta(days=self.follow_up_too_late_after_days),
            reminder_too_late_after=timedelta(days=self.reminder_too_late_after_days),
            broadcast_too_late_after=timedelta(days=self.broadcast_too_late_after_days),
            most_without_approval=self.most_without_approval,
        )


class LeadSettings(_Part):
    """Within how many days staff move a lead on, by its state."""

    new_days: float = Field(default=2, gt=0)
    contacted_days: float = Field(default=5, gt=0)
    waiting_days: float = Field(default=14, gt=0)
    handed_over_days: float = Field(default=7, gt=0)

    @property
    def limits(self) -> dict[LeadState, timedelta]:
        """The same, as the console takes it."""
        return {
            LeadState.NEW: timedelta(days=self.new_days),
            LeadState.CONTACTED: timedelta(days=self.contacted_days),
            LeadState.WAITING: timedelta(days=self.waiting_days),
            LeadState.HANDED_OVER: timedelta(days=self.handed_over_days),
        }


class TelegramSettings(_Part):
    """The Telegram account; its token is RANGKUL_TELEGRAM_TOKEN."""

    api: str = "https://api.telegram.org"
    public_address: str = ""
    username: str = ""


class WhatsAppSettings(_Part):
    """The WhatsApp number; its secrets are RANGKUL_WHATSAPP_TOKEN, _APP_SECRET and _VERIFY_TOKEN."""

    api: str = "https://graph.facebook.com"
    version: str = "v23.0"
    phone_id: str = ""
    number: str = ""
    waba_id: str = ""


class LogSettings(_Part):
    """How much is logged, and in which form."""

    level: Literal["debug", "info", "warning"] = "info"
    format: Literal["text", "json"] = "text"


class Secrets(BaseSettings):
    """What never stands in a file: read from the environment, printed as stars."""

    model_config = SettingsConfigDict(env_prefix="RANGKUL_", extra="ignore", frozen=True)

    telegram_token: SecretStr = SecretStr("")
    telegram_webhook_secret: SecretStr = SecretStr("")
    whatsapp_token: SecretStr = SecretStr("")
    whatsapp_app_secret: SecretStr = SecretStr("")
    whatsapp_verify_token: SecretStr = SecretStr("")


class Settings(BaseSettings):
    """All settings. Each field's meaning stands beside it in config.yaml."""

    model_config = SettingsConfigDict(
        env_prefix="RANGKUL_",
        env_nested_delimiter="__",
        extra="ignore",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    store: StoreSettings = StoreSettings()
    web: WebSettings = WebSettings()
    nlu: NluSettings = NluSettings()
    content: ContentSettings = ContentSettings()
    sending: SendingSettings = SendingSettings()
    leads: LeadSettings = LeadSettings()
    telegram: TelegramSettings = TelegramSettings()
    whatsapp: WhatsAppSettings = WhatsAppSettings()
    log: LogSettings = LogSettings()

    @classmethod
    def settings_customise_sources(  # noqa: D102  # the environment wins over the file, which comes as init values
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings


def read_settings(path: Path | None = None) -> Settings:
    """Settings from the file (none is fine when no path was named) and the environment.

    Raises:
        ConfigBroken: unreadable file, unknown key (with the nearest known one), or a value that doesn't fit.
    """
    named = path or Path(os.environ.get("RANGKUL_CONFIG", "config.yaml"))
    raw: Mapping[str, Any] = {}
    if named.exists():
        raw = _read_yaml(named)
    elif path is not None:
        raise ConfigBroken(f"{named}: the file does not exist.")
    unknown = list(_unknown_keys(raw, Settings, ""))
    if unknown:
        raise ConfigBroken("\n".join(f"{named}: {sentence}" for sentence in unknown))
    try:
        return Settings(**raw)
    except ValidationError as wrong:
        lines = (f"{named}: {'.'.join(str(p) for p in e['loc'])}: {e['msg']}." for e in wrong.errors())
        raise ConfigBroken("\n".join(lines)) from None


def _read_yaml(path: Path) -> Mapping[str, Any]:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as wrong:
        raise ConfigBroken(f"{path}: can't be read ({type(wrong).__name__}).") from None
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise ConfigBroken(f"{path}{line}: not valid YAML ({getattr(wrong, 'problem', None) or 'syntax'}).") from None
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise ConfigBroken(f"{path}: must hold keys and values.")
    return raw


def _unknown_keys(raw: Mapping[str, Any], model: type[BaseModel], prefix: str) -> Iterator[str]:
    known = dict(model.model_fields)
    for key, value in raw.items():
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.5)
            hint = f' Did you mean "{prefix}{near[0]}"?' if near else f" Known here: {', '.join(sorted(known))}."
            yield f'unknown key "{prefix}{key}".{hint}'
            continue
        part = known[key].annotation
        if isinstance(part, type) and issubclass(part, BaseModel) and isinstance(value, dict):
            yield from _unknown_keys(value, part, f"{prefix}{key}.")
