"""What all tests share. Fixtures live in files of their own; they are named here."""

from __future__ import annotations

pytest_plugins = ["storage_fixtures"]
