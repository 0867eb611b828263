"""The list of orders: searched, filtered, chosen from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from attrs import frozen
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.order_states import OrderState
from orderdesk_sdk.desk.bulk.lists import MAX_LISTED
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.order_search import OrderPage
from orderdesk_sdk.errors import InvalidStateError, NotFoundError, OrderDeskError, ValidationError
from orderdesk_sdk.web.caller import caller_of
from orderdesk_sdk.web.console.order_pages.reading import desk_of
from orderdesk_sdk.web.console.templating import render
from orderdesk_sdk.web.console.views.orders.actions import role_refusal
from orderdesk_sdk.web.console.views.orders.listing import STATE_CHOICES, make_row
from orderdesk_sdk.web.references import order_ref

__all__ = ["show_orders"]

PAGE_SIZES = (50, 200, MAX_LISTED)
NEEDS_PERSON = "needs person"
MAX_TEXT = 200


@frozen
class _Query:
    """What is looked for, as the address has it."""

    text: str
    folder: str
    state: str
    limit: int
    after: str

    @property
    def is_narrowed(self) -> bool:
        """Whether some orders are left out."""
        return bool(self.text or self.folder or self.state)

    def address(self, after: str | None) -> str:
        """The address of a page of the same list."""
        limit = str(self.limit) if self.limit != PAGE_SIZES[0] else ""
        pairs = (("q", self.text), ("folder", self.folder), ("state", self.state), ("limit", limit), ("after", after))
        told = urlencode([(name, value) for name, value in pairs if value])
        return f"/?{told}" if told else "/"


def show_orders(request: Request) -> Response:
    """The list of orders; where the order store has none to give, the order of the number that was typed."""
    desk, query = desk_of(request), _read(request.query_params)
    found = OrderPage((), None)
    problem: OrderDeskError | None = None
    try:
        found = _search(desk, query)
    except InvalidStateError as error:
        if query.text:
            return RedirectResponse(f"/orders/{order_ref(desk.orders.get(query.text).id)}", status_code=303)
        problem = error
    except (NotFoundError, ValidationError) as error:
        problem = error
    return render(request, "orders.html", _data(request, desk, query, found, problem))


def _data(
    request: Request, desk: Desk, query: _Query, found: OrderPage, problem: OrderDeskError | None
) -> Mapping[str, object]:
    bulks = desk.bulks.recent()
    return {
        "title": "Orders",
        "rows": [make_row(summary) for summary in found.orders],
        "query": query,
        "problem": problem,
        "is_complete": found.is_complete,
        "page_sizes": PAGE_SIZES,
        "states": STATE_CHOICES,
        "folders": _folders(desk),
        "next_href": query.address(found.next_after) if found.next_after is not None else None,
        "first_href": query.address(None) if query.after else None,
        "bulk_off": role_refusal(caller_of(request).role, Role.OPERATOR),
        "unfinished": [bulk for bulk in bulks if bulk.finished_at is None],
        "finished": [bulk for bulk in bulks if bulk.finished_at is not None],
    }


def _read(params: QueryParams) -> _Query:
    state = params.get("state", "")
    sizes = {str(size): size for size in PAGE_SIZES}
    return _Query(
        params.get("q", "").strip()[:MAX_TEXT],
        params.get("folder", ""),
        state if state in dict(STATE_CHOICES) else "",
        sizes.get(params.get("limit", ""), PAGE_SIZES[0]),
        params.get("after", ""),
    )


def _search(desk: Desk, query: _Query) -> OrderPage:
    needs_person = query.state == NEEDS_PERSON
    return desk.orders.search(
        query.text or None,
        folder=query.folder or None,
        state=OrderState(query.state) if query.state and not needs_person else None,
        needs_person=needs_person,
        limit=query.limit,
        after=query.after or None,
    )


def _folders(desk: Desk) -> Sequence[str]:
    """The names of the folders; none where the order store does not tell."""
    try:
        return desk.orders.folders()
    except InvalidStateError:
        return ()
