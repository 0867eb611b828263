"""What the frame of every page needs: where one can go, what waits for a person, who is signed in, what time it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from attrs import frozen
from starlette.requests import Request

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.web.caller import Caller
from orderdesk_sdk.web.console.notices import notice_of

__all__ = ["NavigationItem", "frame_data", "navigation"]

_WORK = (("/", "Orders", "orders"), ("/inbox", "Inbox", "inbox"))
_LOOK = (
    ("/rules", "Rules", "rules"),
    ("/messages", "Messages", "mail"),
    ("/matrix", "Matrix", "matrix"),
    ("/health", "Health", "health"),
)
_ADMIN = (
    ("/connections", "Connections", "connections"),
    ("/users", "Users", "users"),
    ("/tokens", "API tokens", "tokens"),
    ("/audit", "Audit log", "audit"),
)
_OF_ORDERS = ("/orders", "/bulk")


@frozen
class NavigationItem:
    """A place to go.

    Args:
        badge: how much waits for a person there; 0: nothing.
    """

    href: str
    label: str
    icon: str
    is_current: bool
    badge: int = 0


def navigation(path: str, role: Role, waiting: int) -> tuple[tuple[NavigationItem, ...], ...]:
    """Where somebody of a role can go, in groups."""
    groups = (_WORK, _LOOK, _ADMIN) if role.allows(Role.ADMIN) else (_WORK, _LOOK)
    return tuple(
        tuple(
            NavigationItem(href, label, icon, _is_at(path, href), waiting if href == "/inbox" else 0)
            for href, label, icon in group
        )
        for group in groups
    )


def _is_at(path: str, href: str) -> bool:
    if href == "/":
        return path == "/" or path.startswith(_OF_ORDERS)
    return path == href or path.startswith(f"{href}/") or (href == "/inbox" and path.startswith("/cases/"))


def frame_data(request: Request) -> Mapping[str, object]:
    """What `base.html` is given."""
    caller: Caller | None = getattr(request.state, "caller", None)
    desk: Desk = request.app.state.desk
    waiting = _count_waiting(desk) if caller is not None else 0
    session = caller.session if caller is not None else None
    return {
        "person": caller,
        "csrf": session.csrf_token if session is not None else "",
        "navigation": navigation(request.scope["path"], caller.role, waiting) if caller is not None else (),
        "waiting": waiting,
        "notice": notice_of(request.query_params.get("notice", "")),
        "desk_now": _desk_now(desk),
        "desk_pace": getattr(desk.clock, "pace", 1),  # A clock of a demo may run faster, or stand still.
        "is_sandbox": desk.config.sandbox is not None,
    }


def _count_waiting(desk: Desk) -> int:
    try:
        return desk.inbox.counts().total
    except OrderDeskError:
        return 0  # A page that says what is wrong must not fail for the number beside it.


def _desk_now(desk: Desk) -> datetime:
    return desk.clock.now().astimezone(UTC)
