"""Asking twice is asking once: also at the same moment, and never for somebody else."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.kept_replies import KeyedRequest
from orderdesk_sdk.clock import SystemClock, minutes
from orderdesk_sdk.errors import PluginError, StorageError
from orderdesk_sdk.web.api import keeping
from orderdesk_sdk.web.api.caller_keys import caller_key

if TYPE_CHECKING:
    from tests.web.api.conftest import ApiOpener
    from tests.web.conftest import WebShop

Post = Callable[..., httpx.Response]
REPLAYED = "idempotent-replayed"


def test_the_same_again_is_the_same_reply(web_shop: WebShop, open_api: ApiOpener, post: Post) -> None:
    api = open_api(Role.OPERATOR)
    body = {"plan": api.get("orders/1042/plan").json()["token"]}
    first = post(api, "orders/1042/cancel", body, key="k")
    again = post(api, "orders/1042/cancel", body, key="k")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert (first.headers.get(REPLAYED), again.headers.get(REPLAYED)) == (None, "true")
    assert len(web_shop.desk.ledger.cancellations("id-1042")) == 1


def test_how_a_body_is_written_is_no_content(open_api: ApiOpener, post: Post) -> None:
    api = open_api(Role.OPERATOR)
    post(api, "orders/1042/withdraw", {"note": "é"}, key="k")
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    again = api.post("orders/1042/withdraw", content=b'{ "note" : "\\u00e9" }', headers=headers)
    assert again.headers[REPLAYED] == "true"


@pytest.mark.parametrize(
    ("path", "body"),
    [("orders/1042/withdraw", {"note": "b"}), ("orders/1042/cancel", {"note": "a"}), ("orders/1043/withdraw", None)],
)
def test_a_key_for_something_else_is_refused(open_api: ApiOpener, post: Post, path: str, body: dict[str, str]) -> None:
    api = open_api(Role.OPERATOR)
    assert post(api, "orders/1042/withdraw", {"note": "a"}, key="k").status_code == 200
    assert post(api, path, body, key="k").status_code in (404, 409, 422)


def test_keys_of_two_callers_are_two(open_api: ApiOpener, post: Post) -> None:
    one, other = open_api(Role.OPERATOR), open_api(Role.OPERATOR)
    assert REPLAYED not in post(one, "orders/1042/withdraw", {"note": "a"}, key="k").headers
    reply = post(other, "orders/1042/withdraw", {"note": "b"}, key="k")
    assert (reply.status_code, reply.headers.get(REPLAYED)) == (200, None)


def test_what_was_refused_may_be_asked_again_with_its_key(web_shop: WebShop, open_api: ApiOpener, post: Post) -> None:
    api = open_api(Role.OPERATOR)
    token = api.get("orders/1042/plan").json()["token"]
    web_shop.desk.orders.register("1042", connection="phone", by="Bob")
    refused = post(api, "orders/1042/cancel", {"plan": token}, key="k")
    assert refused.status_code == 409
    new = {"plan": refused.json()["plan"]["token"]}
    assert post(api, "orders/1042/cancel", new, key="k").status_code == 202


@pytest.mark.parametrize("operation", ["cancel", "withdraw"])
def test_many_at_once_have_one_effect(web_shop: WebShop, open_api: ApiOpener, post: Post, operation: str) -> None:
    api = open_api(Role.OPERATOR)
    body = {"plan": api.get("orders/1042/plan").json()["token"]} if operation == "cancel" else {"note": "one"}
    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(lambda _: post(api, f"orders/1042/{operation}", body, key="k"), range(8)))
    assert {reply.status_code for reply in replies} == {202 if operation == "cancel" else 200}
    assert len({reply.text for reply in replies}) == 1
    assert sum(REPLAYED not in reply.headers for reply in replies) == 1
    assert len(web_shop.desk.ledger.cases(CancelCase, order_id="id-1042")) == (operation == "cancel")


def test_two_keys_at_once_are_one_cancellation(web_shop: WebShop, open_api: ApiOpener, post: Post) -> None:
    api = open_api(Role.SUPERVISOR)
    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(lambda _: post(api, "orders/1042/cancel", {"without_plan": True}), range(8)))
    assert {reply.status_code for reply in replies} == {202}
    assert len(web_shop.desk.ledger.cases(CancelCase, order_id="id-1042")) == 1


def test_what_is_under_way_is_waited_for_and_then_said(
    web_shop: WebShop, open_api: ApiOpener, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "WAIT", 0.1)
    api = open_api(Role.OPERATOR)
    (token,) = web_shop.desk.access.api_tokens.list()
    begun = _begun(web_shop, f"token {token.name}", "k", api)
    reply = post(api, "orders/1042/withdraw", {}, key="k")
    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "in_progress")
    assert reply.headers["retry-after"] == "1"
    web_shop.desk.ledger.abandon_request(begun, 1)
    assert post(api, "orders/1042/withdraw", {}, key="k").status_code == 200


def _begun(shop: WebShop, name: str, key: str, api: httpx.Client) -> KeyedRequest:
    """A request that another process has begun a moment ago: the one that the API would begin."""
    seen: list[KeyedRequest] = []
    begin = shop.desk.ledger.begin_request
    with pytest.MonkeyPatch.context() as patch:

        def noting(request: KeyedRequest, now: object) -> object:
            seen.append(request)
            return begin(request, SystemClock().now())

        patch.setattr(shop.desk.ledger, "begin_request", noting)
        api.post("orders/1042/withdraw", json={}, headers={"Idempotency-Key": "probe"})
    made = seen[0]
    request = KeyedRequest(name, _own(name, key), made.operation, made.digest, made.order_id)
    begin(request, SystemClock().now())
    return request


def _own(name: str, key: str) -> str:
    from orderdesk_sdk.web.caller import Caller

    return caller_key(Caller(name, Role.OPERATOR), key)


def test_a_cancel_that_was_broken_off_is_done_once(
    web_shop: WebShop, open_api: ApiOpener, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the process was killed after the cancellation was recorded, and before anybody heard of it."""
    api = open_api(Role.SUPERVISOR)

    def killed(*_: object) -> None:
        raise RuntimeError("the process ends here")

    with monkeypatch.context() as patch:
        patch.setattr(web_shop.desk.ledger, "finish_request", killed)
        assert post(api, "orders/1042/cancel", {"without_plan": True}, key="k").status_code == 500
    assert len(web_shop.desk.ledger.cancellations("id-1042")) == 1
    long_ago = SystemClock().now() + minutes(2)
    monkeypatch.setattr(keeping, "SystemClock", lambda: _At(long_ago))
    again = post(api, "orders/1042/cancel", {"without_plan": True}, key="k")
    assert (again.status_code, again.headers.get(REPLAYED)) == (202, None)
    assert len(web_shop.desk.ledger.cancellations("id-1042")) == 1


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuntimeError("the process ends here"), 500),
        (PluginError("it fails at the reply"), 502),
        (StorageError("the disk is full"), 503),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_retry_that_was_broken_off_is_not_done_again(
    web_shop: WebShop,
    open_api: ApiOpener,
    cancel: Post,
    post: Post,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
) -> None:
    api = open_api(Role.SUPERVISOR)
    web_shop.services.silent.add("mill")
    case = cancel(api).json()["cases"][0]["id"]

    def killed(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(web_shop.desk.cases, "retry", killed)
        assert post(api, f"cases/{case}/retry", key="k").status_code == status
        long_ago = SystemClock().now() + minutes(2)
        patch.setattr(keeping, "SystemClock", lambda: _At(long_ago))
        again = post(api, f"cases/{case}/retry", key="k")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")


class _At:
    def __init__(self, moment: object) -> None:
        self.moment = moment

    def now(self) -> object:
        """The moment."""
        return self.moment
