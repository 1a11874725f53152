"""Seals personal fields (AES-GCM) and makes the keyed hashes by which they are looked up.

A sealed value is: version byte, length of the key's id, the id, a 12-byte nonce, ciphertext with its tag. The id lets
several keys be alive at once, so keys can be rotated; the associated data is "table.column", so a value copied into
another column doesn't open. Errors never carry the value.

    StorageSecretsError
    ├── KeysUnreadable     the key text or file is malformed
    ├── KeysExposed        other users may read the key file
    └── CannotOpen         no key fits, or the value was changed or moved
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

from nlu.understanding import JsonValue

KEYS_VARIABLE = "RANGKUL_KEYS"
_LOOKUP = "lookup"
_VERSION = 1
_NONCE_BYTES = 12
_KEY_BYTES = 32
#: Half of HMAC-SHA256: no two people share one, and the indexes stay small.
_FINGERPRINT_BYTES = 16


class StorageSecretsError(Exception):
    """Something is wrong with keys or sealed values."""


class KeysUnreadable(StorageSecretsError):
    """The keys can't be read: expected lines "id:base64 of 32 bytes", newest first, and one "lookup:…"."""


class KeysExposed(StorageSecretsError):
    """Other users of this machine may read the key file; give it mode 600."""


class CannotOpen(StorageSecretsError):
    """A sealed value can't be opened: no key fits, or it was changed or moved to another column."""


@dataclass(frozen=True, slots=True, repr=False)
class KeyRing:
    """The sealing keys, newest first (the first seals, all open), and the secret behind look-up hashes."""

    sealing: tuple[tuple[str, bytes], ...]
    lookup: bytes

    @classmethod
    def generate(cls) -> KeyRing:
        """A fresh ring with one sealing key."""
        return cls(sealing=(("k1", os.urandom(_KEY_BYTES)),), lookup=os.urandom(_KEY_BYTES))

    @classmethod
    def read(cls, text: str) -> KeyRing:
        """Read keys separated by commas or whitespace.

        Raises:
            KeysUnreadable: a line is malformed, or there is no sealing key or no lookup key.
        """
        keys = dict(_key(part) for part in re.split(r"[\s,]+", text.strip()) if part)
        lookup = keys.pop(_LOOKUP, None)
        if lookup is None or not keys:
            raise KeysUnreadable
        return cls(sealing=tuple(keys.items()), lookup=lookup)

    def write(self) -> str:
        """The text that `read` reads."""
        lines = [*self.sealing, (_LOOKUP, self.lookup)]
        return "".join(f"{name}:{base64.urlsafe_b64encode(key).decode()}\n" for name, key in lines)

    def rotated(self, name: str) -> KeyRing:
        """The same ring with a new sealing key in front; what was sealed before still opens."""
        return KeyRing(sealing=((name, os.urandom(_KEY_BYTES)), *self.sealing), lookup=self.lookup)

    def newest_only(self) -> KeyRing:
        """The ring once everything is sealed with the newest key."""
        return KeyRing(sealing=self.sealing[:1], lookup=self.lookup)

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(name for name, _ in self.sealing)})"


def _key(part: str) -> tuple[str, bytes]:
    name, _, encoded = part.partition(":")
    try:
        key = base64.urlsafe_b64decode(encoded)
    except (binascii.Error, ValueError):
        raise KeysUnreadable from None
    if not re.fullmatch(r"[a-z0-9_-]{1,20}", name) or len(key) != _KEY_BYTES:
        raise KeysUnreadable
    return name, key


def load_or_make_keys(path: Path, env: Mapping[str, str]) -> KeyRing:
    """The keys from RANGKUL_KEYS if set, else from the file, which is made with mode 600 on first use.

    Keep the file outside the database's folder, so that a copy of one is never a copy of both.

    Raises:
        KeysUnreadable: the text is malformed.
        KeysExposed: the file may be read by others.
    """
    if text := env.get(KEYS_VARIABLE, "").strip():
        return KeyRing.read(text)
    if not path.exists():
        _write_once(path, KeyRing.generate().write())
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeysExposed
    return KeyRing.read(path.read_text("ascii"))


def _write_once(path: Path, text: str) -> None:
    """Make the file whole or not at all; of two processes starting at once, the first wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)  # of a start that was killed; in a container every start has the same number
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def replace_keys(path: Path, keys: KeyRing) -> None:
    """Put other keys into the file, whole or not at all, even if the machine stops meanwhile.

    Who was killed in here before us left a draft with keys in it: it goes first.
    """
    for left in path.parent.glob(f".{path.name}.*"):
        left.unlink(missing_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(keys.write())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class Sealer:
    """Seals, opens and fingerprints values with one key ring."""

    def __init__(self, keys: KeyRing) -> None:
        self._ciphers = {name: AESGCM(key) for name, key in keys.sealing}
        current = keys.sealing[0][0]
        self._current = self._ciphers[current]
        self._header = bytes([_VERSION, len(current)]) + current.encode()
        self._lookup = HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"rangkul look-up").derive(keys.lookup)

    def seal(self, value: bytes, place: str) -> bytes:
        """Encrypt a value for one place ("table.column") with the newest key."""
        nonce = os.urandom(_NONCE_BYTES)
        return self._header + nonce + self._current.encrypt(nonce, value, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Decrypt what `seal` made for the same place.

        Raises:
            CannotOpen: no key fits, or the value was changed or moved.
        """
        end = 2 + sealed[1] if len(sealed) > 1 and sealed[0] == _VERSION else 0
        cipher = self._ciphers.get(sealed[2:end].decode("ascii", "replace"))
        if cipher is None:
            raise CannotOpen
        nonce, body = sealed[end : end + _NONCE_BYTES], sealed[end + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, body, place.encode())
        except (InvalidTag, ValueError):
            raise CannotOpen from None

    @property
    def header(self) -> bytes:
        """How every value begins that the newest key sealed."""
        return self._header

    def is_current(self, sealed: bytes) -> bool:
        """Whether the newest key sealed it; if not, rotation has still to seal it again."""
        return sealed.startswith(self._header)

    def fingerprint(self, kind: str, value: str) -> bytes:
        """A keyed hash for finding equal values without opening any. Kinds ("nik", "phone", …) never mix."""
        return hmac.digest(self._lookup, f"{kind}\0{value}".encode(), hashlib.sha256)[:_FINGERPRINT_BYTES]


#: One encoder for all: making one costs more than what it does to a few words.
_as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

#: An engine's dialect carries its sealer, so two databases with different keys can live in one process.
_SEALERS: WeakKeyDictionary[Dialect, Sealer] = WeakKeyDictionary()


def bind_sealer(dialect: Dialect, sealer: Sealer) -> None:
    """Let the sealed columns of every connection with this dialect use this sealer."""
    _SEALERS[dialect] = sealer


class SealedText(TypeDecorator[str]):
    """Text that is encrypted in the database. `place` is its own "table.column"."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Seal on the way in."""
        return None if value is None else _SEALERS[dialect].seal(value.encode(), self.place)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Open on the way out."""
        return None if value is None else _SEALERS[dialect].open(bytes(value), self.place).decode()


class SealedJson(TypeDecorator[Any]):
    """Any JSON value, encrypted in the database. `place` is its own "table.column"."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: JsonValue, dialect: Dialect) -> bytes | None:
        """Seal on the way in."""
        if value is None:
            return None
        return _SEALERS[dialect].seal(_as_json(value).encode(), self.place)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        """Open on the way out."""
        return None if value is None else json.loads(_SEALERS[dialect].open(bytes(value), self.place))
