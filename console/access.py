"""The only doors to a single record, permission included. Absent and forbidden look the same from outside."""

from __future__ import annotations

from console.permissions import Permission, allows
from storage import Store
from storage.broadcasts import Broadcast
from storage.leads import Lead
from storage.repository import NotFound
from storage.staff import StaffUser

__all__ = [
    "NotFound",
    "access_broadcast_for",
    "access_contact_for",
    "access_lead_by_number_for",
    "access_lead_for",
    "access_staff_for",
    "check_may",
]


def check_may(user: StaffUser, permission: Permission) -> None:
    """Let the user pass who may do this.

    Raises:
        NotFound: disabled, or not allowed.
    """
    if user.disabled_at is not None:
        raise NotFound
    if not allows(user.role, permission):
        raise NotFound


def access_lead_for(user: StaffUser, lead_id: int, store: Store) -> Lead:
    """The lead, if this user may see it.

    Raises:
        NotFound: there is none, or not for this user.
    """
    check_may(user, Permission.SEE_LEADS)
    return store.leads.get(lead_id)


def access_lead_by_number_for(user: StaffUser, number: str, store: Store) -> Lead | None:
    """The lead with that receipt number, if there is one and this user may see it."""
    check_may(user, Permission.SEE_LEADS)
    return store.leads.find(number)


def access_contact_for(user: StaffUser, contact_id: int, store: Store) -> int:
    """The id of a contact this user may see. Erased contacts are gone.

    Raises:
        NotFound: there is none, or not for this user.
    """
    check_may(user, Permission.SEE_CONTACTS)
    if not store.contacts.exists(contact_id):
        raise NotFound
    return contact_id


def access_broadcast_for(user: StaffUser, broadcast_id: int, store: Store) -> Broadcast:
    """The broadcast, if this user may see it.

    Raises:
        NotFound: there is none, or not for this user.
    """
    check_may(user, Permission.SEE_BROADCASTS)
    return store.broadcasts.get(broadcast_id)


def access_staff_for(user: StaffUser, staff_id: int, store: Store) -> StaffUser:
    """Another staff user's account, if this user looks after accounts.

    Raises:
        NotFound: there is none, or not for this user.
    """
    check_may(user, Permission.MANAGE_STAFF)
    return store.staff.get(staff_id)
