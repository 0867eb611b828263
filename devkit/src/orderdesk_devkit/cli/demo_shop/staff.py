"""Who works in the shop to look at: one person of each role, signed in by a link that works once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.secret import Secret

__all__ = ["STAFF", "add_staff", "sign_in_address"]

STAFF: Final[Mapping[str, Role]] = {
    "vera": Role.VIEWER,
    "otto": Role.OPERATOR,
    "sue": Role.SUPERVISOR,
    "ada": Role.ADMIN,
}
_ADDED_BY: Final = "demo"


def add_staff(desk: Desk, password: Secret | None = None) -> None:
    """Add them to a desk. password: of all of them; None: they sign in by links alone."""
    for name, role in STAFF.items():
        desk.access.users.add(name, role=role, password=password, by=_ADDED_BY)


def sign_in_address(desk: Desk, url: str, name: str) -> str:
    """Where one of them signs in at the console at `url`: once, within 15 minutes."""
    return f"{url}/sign-in/{desk.access.make_sign_in_link(name, by=_ADDED_BY).reveal()}"
