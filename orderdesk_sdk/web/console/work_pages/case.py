"""The page of one case."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.web.caller import caller_of
from orderdesk_sdk.web.console.order_pages.reading import desk_of
from orderdesk_sdk.web.console.templating import new_key, render
from orderdesk_sdk.web.console.viewing import record_view
from orderdesk_sdk.web.console.views.work.asked import silence_text
from orderdesk_sdk.web.console.views.work.case import REJECTIONS, make_case_page
from orderdesk_sdk.web.references import order_ref
from orderdesk_sdk.web.step_up import is_stepped_up

__all__ = ["GivenVerdict", "show_case", "show_case_again", "show_case_live"]

SHOWN_LINES = 60
"""Lines of the history; all stand in the receipt."""


@frozen
class GivenVerdict:
    """What was filled in, where the form is shown again."""

    verdict: str = ""
    rejection: str = ""
    note: str = ""


def show_case(request: Request) -> Response:
    """One case, with what helps to decide about it."""
    data = _case_data(request)
    record_view(request, str(data["order_id"]), _detail(request))
    return render(request, "case.html", data)


def show_case_live(request: Request) -> Response:
    """The same for console.js, which fetches it whenever something has happened."""
    data = _case_data(request)
    record_view(request, str(data["order_id"]), _detail(request), is_live=True)
    return render(request, "case.html", data)


def _detail(request: Request) -> str:
    return f"case {request.path_params['id']}"


def show_case_again(
    request: Request, problem: OrderDeskError, *, status: int, given: GivenVerdict | None = None
) -> Response:
    """The page of a case with what kept something from being done, and with what was filled in."""
    data = {**_case_data(request), "error": problem, "given": given or GivenVerdict()}
    return render(request, "case.html", data, status=status)


def _case_data(request: Request) -> Mapping[str, object]:
    desk, caller = desk_of(request), caller_of(request)
    seen_until = desk.feed.head()  # Before the rest is read: events from then on are told.
    details = desk.cases.details(request.path_params["id"], lines=SHOWN_LINES)
    case = details.case
    return {
        "title": f"{case.kind.capitalize()} at {case.connection}",
        "page": make_case_page(details, caller.role, is_stepped_up=is_stepped_up(request)),
        "order_id": case.order_id,
        "seen_until": seen_until,
        "ref": order_ref(case.order_id),
        "silence": silence_text(case.silence) if isinstance(case, ResponseCase) else "",
        "rejections": REJECTIONS,
        "max_upload": f"{desk.config.web.max_upload_bytes // 1_000_000} MB",
        "may_note": caller.role.allows(Role.OPERATOR),
        "key": new_key(),
        "error": None,
        "given": GivenVerdict(),
    }
