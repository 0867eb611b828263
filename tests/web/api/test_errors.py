"""Every error of the SDK has one status and one code, and tells whom it should."""

from __future__ import annotations

import inspect
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx
import pytest

from orderdesk_sdk import errors
from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.plan import Plan
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import OrderDeskError, PlanChangedError, PluginError, StorageError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.web.errors import status_of
from orderdesk_sdk.web.references import order_ref

if TYPE_CHECKING:
    from tests.web.api.conftest import ApiOpener
    from tests.web.conftest import WebShop, WebShopOpener

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, OrderDeskError)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_of_the_sdk_has_a_status(kind: type[OrderDeskError]) -> None:
    plan = Plan("58101", "1042", VirtualClock().now(), ())
    error = kind("told", plan) if issubclass(kind, PlanChangedError) else kind("told")
    assert (status_of(error) >= HTTPStatus.INTERNAL_SERVER_ERROR) == (kind in SERVER_ERRORS)


SERVER_ERRORS = {OrderDeskError, StorageError, PluginError, errors.ConfigurationError}


def test_an_error_of_another_package_has_that_of_its_base() -> None:
    class OwnError(errors.NotFoundError):
        """Somebody's own."""

    assert status_of(OwnError("told")) == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("role", "connections", "told"),
    [
        (Role.OPERATOR, (), {"code", "id", "message"}),
        (Role.SUPERVISOR, (), {"code", "id", "message", "location", "hint"}),
        (Role.ADMIN, ("mill",), {"code", "id", "message"}),
    ],
)
def test_where_and_what_to_do_is_for_staff(
    web_shop: WebShop,
    open_api: ApiOpener,
    monkeypatch: pytest.MonkeyPatch,
    role: Role,
    connections: tuple[str, ...],
    told: set[str],
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageError("the disk is full", location="/var/lib/desk/desk.db", hint="make room")

    monkeypatch.setattr(web_shop.desk.cancellations, "plan", full)
    reply = open_api(role, *connections).get("orders/1042/plan")
    assert (reply.status_code, set(reply.json()["error"])) == (503, told)
    assert reply.headers["retry-after"] == "1"
    assert ("/var/lib" in reply.text) == ("location" in told)


def test_an_order_whose_number_two_have_is_asked_back(open_web_shop: WebShopOpener, open_api: ApiOpener) -> None:
    shop = open_web_shop(orders=(Order("58101", "1042"), Order("58102", "1042")), at=())
    reply = open_api(Role.SUPERVISOR, shop=shop).get("orders/1042/plan")
    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "ambiguous")


def test_an_id_that_no_path_can_hold_has_a_reference(open_web_shop: WebShopOpener, open_api: ApiOpener) -> None:
    odd = Order("shop/17 ü..", "17")
    shop = open_web_shop(orders=(odd,))
    api: httpx.Client = open_api(Role.VIEWER, shop=shop)
    assert api.get(f"orders/{order_ref(odd.id)}").json()["order"]["id"] == odd.id
    assert api.get("orders/shop%2F17%20%C3%BC..").status_code == 404
