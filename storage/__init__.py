"""REMEMBERS: SQLModel tables, one transaction at a time, sealed fields. Same code on SQLite and PostgreSQL."""

from storage.database import Database, Store, WrongKeys
from storage.sealed import KeyRing, Sealer, load_or_make_keys

__all__ = ["Database", "KeyRing", "Sealer", "Store", "WrongKeys", "load_or_make_keys"]
