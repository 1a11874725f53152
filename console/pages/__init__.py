"""The pages of the console, in the order of the menu."""

from __future__ import annotations

from console.desk import Desk
from console.login import StaffLogin
from console.pages.account import Account
from console.pages.audit import AuditLog
from console.pages.broadcasts import Broadcasts
from console.pages.channels import Channels
from console.pages.contacts import Contacts
from console.pages.duplicates import Duplicates
from console.pages.facts import Facts
from console.pages.gatherings import Gatherings
from console.pages.handoffs import Handoffs
from console.pages.health import Health
from console.pages.kits import Kits
from console.pages.leads import Leads
from console.pages.not_understood import NotUnderstood
from console.pages.page import Page
from console.pages.reminders import Reminders
from console.pages.set_aside import SetAside
from console.pages.staff import StaffAccounts
from console.pages.territories import TerritoryPages
from console.pages.uploads import Uploads


def all_pages(desk: Desk, login: StaffLogin) -> list[Page]:
    """Every page but the front page, which the console is made with."""
    return [
        Leads(desk),
        Duplicates(desk),
        Uploads(desk),
        Contacts(desk),
        Reminders(desk),
        Handoffs(desk),
        NotUnderstood(desk),
        SetAside(desk),
        Broadcasts(desk),
        Gatherings(desk),
        Kits(desk),
        Facts(desk),
        Health(desk),
        Channels(desk),
        StaffAccounts(desk),
        TerritoryPages(desk),
        AuditLog(desk),
        Account(desk, login),
    ]
