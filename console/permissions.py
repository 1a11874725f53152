"""Who may do what in the console. The pages ask `may`; nothing else looks at roles."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from storage.words import StaffRole


class Permission(Enum):
    """One thing a staff user may be allowed to do."""

    SEE_LEADS = auto()
    MOVE_LEADS = auto()
    REVEAL_NUMBERS = auto()
    EXPORT_LEADS = auto()
    IMPORT_LEADS = auto()
    SEE_CONTACTS = auto()
    CHANGE_CONTACTS = auto()
    SEE_HANDOFFS = auto()
    CLOSE_HANDOFFS = auto()
    SEE_MESSAGES = auto()
    RETRY_MESSAGES = auto()
    SEE_BROADCASTS = auto()
    SEND_BROADCASTS = auto()
    APPROVE_BROADCASTS = auto()
    SEE_GATHERINGS = auto()
    MAKE_GATHERINGS = auto()
    SEE_CONTENT = auto()
    MANAGE_STAFF = auto()
    SEE_AUDIT = auto()


_READER = frozenset(
    {
        Permission.SEE_LEADS,
        Permission.SEE_CONTACTS,
        Permission.SEE_HANDOFFS,
        Permission.SEE_MESSAGES,
        Permission.SEE_BROADCASTS,
        Permission.SEE_GATHERINGS,
        Permission.SEE_CONTENT,
    }
)
_STAFF = _READER | {
    Permission.MOVE_LEADS,
    Permission.REVEAL_NUMBERS,
    Permission.EXPORT_LEADS,
    Permission.IMPORT_LEADS,
    Permission.CHANGE_CONTACTS,
    Permission.CLOSE_HANDOFFS,
    Permission.RETRY_MESSAGES,
    Permission.SEND_BROADCASTS,
    Permission.APPROVE_BROADCASTS,
    Permission.MAKE_GATHERINGS,
}

#: A reader sees everything masked and changes nothing; only an administrator touches accounts.
ALLOWED: Mapping[StaffRole, frozenset[Permission]] = {
    StaffRole.READER: _READER,
    StaffRole.STAFF: _STAFF,
    StaffRole.ADMIN: frozenset(Permission),
}


def allows(role: StaffRole, permission: Permission) -> bool:
    """Whether that role may do this."""
    return permission in ALLOWED[role]
