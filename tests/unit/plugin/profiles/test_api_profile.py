"""API profiles: what is wrong with one is said with its location and hint, and the flows do what a profile says."""

from __future__ import annotations

import json
from collections.abc import Mapping

import httpx
import pytest

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.plugin.answer import Answer, Outcome, Rejection
from orderdesk_sdk.plugin.order_numbers import NotStated, StatedAt
from orderdesk_sdk.plugin.profiles.api_flows import cancel_by_profile, confirmation_by_profile, poll_by_profile
from orderdesk_sdk.plugin.profiles.api_profile import ApiProfile, read_acknowledging_profile, read_api_profile
from orderdesk_sdk.plugin.reasons import Reason
from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest
from orderdesk_sdk.plugin.routes import FinalResponse, ManualConfirmation, Polling
from orderdesk_sdk.plugin.service import CALL_OPTIONS, Flow
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from tests.support.api_profiles import GOOD, ORDER, PLACE, SERVICE, changed, good
from tests.support.builders import NOW

REMOTE_ORDER = RemoteOrder("acme", "R/7", NOW, ConnectionRole.FULFILLMENT)


SHOWN: Mapping[str, object] = {"status": "/order/states/0/name", "canceled": ["Cancelled"], "number": "/order/number"}
"""What a final response must say, and where."""
FINAL: Mapping[str, object] = {"final": True, **SHOWN}


# Reading a profile


@pytest.mark.parametrize(
    ("value", "place", "text", "hint"),
    [
        ("POST /cancel", "", "a table was expected", None),
        ({"read": GOOD["read"]}, "", "the table cancel is missing", "add method, path and accepted under it"),
        ({**GOOD, "cancle": {}}, "", "unknown key 'cancle'", "known are cancel, read"),
        ({**GOOD, "cancel": "POST"}, ".cancel", "a table was expected", None),
        ({**GOOD, "read": "GET"}, ".read", "a table was expected", None),
        (changed("cancel", verb="POST"), ".cancel", "unknown key 'verb'", "known are method, path"),
        (changed("read", state="/x"), ".read", "unknown key 'state'", "known are path, status"),
        (changed("cancel", method=None), ".cancel.method", "is missing", "ask the service"),
        (changed("cancel", path=None), ".cancel.path", "is missing", "ask the service"),
        (changed("cancel", accepted=None), ".cancel.accepted", "is missing", "ask the service"),
        (changed("read", path=None), ".read.path", "is missing", "ask the service"),
        (changed("read", status=None), ".read.status", "is missing", "ask the service"),
        (changed("read", canceled=None), ".read.canceled", "is missing", "ask the service"),
        (changed("cancel", method="GET"), ".cancel.method", "'GET' is not a method", "one of DELETE, PATCH, POST, PUT"),
        (changed("cancel", method=["POST"]), ".cancel.method", "is not a method", "one of DELETE"),
        (changed("cancel", final="yes"), ".cancel.final", "must be true or false", None),
        (changed("cancel", path="orders"), ".cancel.path", "must be a path that begins with /", None),
        (changed("cancel", path=7), ".cancel.path", "must be a path that begins with /", None),
        (changed("cancel", path="/{id}"), ".cancel.path", "there is no field {id}", "known are {order_number}"),
        (
            changed("cancel", path="/{remote_id"),
            ".cancel.path",
            "expected '}'",
            "write a literal brace twice",
        ),
        (changed("cancel", path="/{remote_id!r}"), ".cancel.path", "takes no format", "write it as {remote_id}"),
        (changed("cancel", path="/{remote_id:>9}"), ".cancel.path", "takes no format", "write it as {remote_id}"),
        (changed("cancel", body={"a": [{"b": "{x}"}]}), ".cancel.body.a[0].b", "there is no field {x}", "known are"),
        (
            changed("cancel", accepted=200),
            ".cancel.accepted",
            "must be a list of HTTP statuses",
            "example [200, 202]",
        ),
        (changed("cancel", accepted=["200"]), ".cancel.accepted", "must be a list of HTTP statuses", "for example"),
        (changed("cancel", accepted=[True]), ".cancel.accepted", "must be a list of HTTP statuses", "for example"),
        (changed("cancel", accepted=[99]), ".cancel.accepted", "must be a list of HTTP statuses", "for example"),
        (changed("cancel", rejected=[600]), ".cancel.rejected", "must be a list of HTTP statuses", "for example"),
        (changed("cancel", accepted=[]), ".cancel.accepted", "must name at least one status", None),
        (
            changed("cancel", rejected=[200]),
            ".cancel.rejected",
            "200 stands in accepted too",
            "leave it in one",
        ),
        (
            changed("cancel", not_found=[409]),
            ".cancel.not_found",
            "409 stands in rejected too",
            "leave it in one",
        ),
        (changed("read", status="order.status"), ".read.status", "must be a JSON pointer", '"/order/status"'),
        (changed("read", status=1), ".read.status", "must be a JSON pointer", '"/order/status"'),
        (changed("read", not_found=[True]), ".read.not_found", "must be a list of HTTP statuses", "for example"),
        (changed("read", path="/{number}"), ".read.path", "there is no field {number}", "known are"),
        (changed("read", canceled="canceled"), ".read.canceled", "must be a list of status words", None),
        (changed("read", pending=[" "]), ".read.pending", "must be a list of status words", None),
        (changed("read", pending=["--"]), ".read.pending", "needs a letter or a digit", None),
        (changed("cancel", path="/x", body={"{remote_id}": 1, "n": "{reason}"}), ".cancel.path", "not named", "put"),
        (changed("cancel", path="/{{remote_id}}", body=None), ".cancel.path", "not named", "put"),
        (changed("read", path="/orders"), ".read.path", "the order is not named", "put {remote_id} into it"),
        (changed("read", canceled=[]), ".read.canceled", "must name at least one word", None),
        (changed("cancel", **{**FINAL, "canceled": []}), ".cancel.canceled", "must name at least one word", None),
        (changed("cancel", **{**FINAL, "status": None}), ".cancel.status", "must say in its body", "say where"),
        (
            changed("cancel", **{**FINAL, "canceled": None}),
            ".cancel.canceled",
            "must say in its body",
            "name the words",
        ),
        (
            changed("cancel", **{**FINAL, "number": None}),
            ".cancel.number",
            "only where it is about the requested order",
            "say where",
        ),
        (changed("read", number=None), ".read.number", "only where it is about the requested order", "say where"),
        (changed("read", number="order"), ".read.number", "must be a JSON pointer", "write it as"),
        (changed("read", number_is="name"), ".read.number_is", "'name' is not a known kind of number", "remote_id or"),
        (changed("read", number_not_stated="why"), ".read.number_not_stated", "in place of number", None),
        (changed("read", number=None, number_not_stated=" "), ".read.number_not_stated", "must say why", None),
        (changed("read", number="/order/states/1/of"), ".read.number", "to another entry", "the same index"),
        (changed("read", canceled=[True]), ".read.canceled", "status words or whole numbers", None),
        (changed("read", shipped=["CANCELED"]), ".read.shipped", "'canceled' stands in canceled too", "leave it"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_remedy(
    value: object, place: str, text: str, hint: str | None
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read_api_profile(value, PLACE)
    assert raised.value.location == PLACE + place
    assert text in raised.value.message
    assert (raised.value.hint is None) == (hint is None)
    assert (hint or "") in (raised.value.hint or "")


def test_a_profile_is_read_whole() -> None:
    profile = read_api_profile(GOOD, PLACE)
    assert (profile.cancel.method, profile.cancel.accepted, profile.cancel.rejected) == ("POST", (200, 202), (409, 422))
    assert profile.read is not None
    assert (list(profile.read.canceled), list(profile.read.pending)) == (["canceled"], ["inproduction"])


def test_little_is_needed() -> None:
    profile = read_api_profile({"cancel": {"method": "DELETE", "path": "/{remote_id}", "accepted": [204]}}, PLACE)
    assert (profile.read, profile.cancel.body, profile.cancel.final) == (None, None, None)


def test_the_confirmation_is_what_the_profile_can_prove() -> None:
    assert isinstance(confirmation_by_profile(good()), Polling)
    assert confirmation_by_profile(good(**FINAL)) == FinalResponse()
    assert isinstance(confirmation_by_profile(ApiProfile(good().cancel)), ManualConfirmation)
    assert confirmation_by_profile(ApiProfile(good(**FINAL).cancel)) == FinalResponse()
    assert isinstance(confirmation_by_profile(None), ManualConfirmation)


# The flows


def run(flow: Flow[Answer], response: httpx.Response) -> tuple[httpx.Request, Answer]:
    request = next(flow)
    with pytest.raises(StopIteration) as ended:
        flow.send(response)
    return request, ended.value.value


CANCEL_REQUEST = CancelRequest(ORDER, REMOTE_ORDER, "w1")
UNREAD = ApiProfile(good().cancel)


def cancel(
    status: int, profile: ApiProfile | None = None, reason: Reason | None = None, document: object = None
) -> tuple[httpx.Request, Answer]:
    cancellation = CancelRequest(ORDER, REMOTE_ORDER, "w1", reason or Reason())
    return run(cancel_by_profile(profile or UNREAD, cancellation, SERVICE), httpx.Response(status, json=document))


def test_the_cancel_is_what_the_profile_says() -> None:
    request, _ = cancel(200, reason=Reason(None, None, 'says "{remote_id}"'))
    assert (request.method, request.url.raw_path) == ("POST", b"/v1/orders/R%2F7/cancel")
    assert json.loads(request.content) == {"order": "A 7", "notes": ['says "{remote_id}"', 1, None], "really": True}
    assert not request.extensions[CALL_OPTIONS].idempotent


def test_a_code_of_the_service_goes_before_words_and_fields_in_a_path_are_encoded() -> None:
    profile = good(path="/c/{order_number}?why={reason}", body=None)
    request, _ = cancel(200, profile, Reason(None, "C&1", "words"))
    assert (request.url.raw_path, request.content) == (b"/v1/c/A%207?why=C%261", b"")


@pytest.mark.parametrize(
    ("status", "outcome", "rejection"),
    [
        (202, Outcome.ACKNOWLEDGED, None),
        (409, Outcome.REJECTED, Rejection.TOO_LATE),
        (404, Outcome.REJECTED, Rejection.NOT_ALLOWED),
        (401, Outcome.NOT_PROCESSED, None),
        (201, Outcome.UNKNOWN, None),
        (500, Outcome.UNKNOWN, None),
    ],
)
def test_a_reply_to_the_cancel_means_what_the_profile_says(
    status: int, outcome: Outcome, rejection: Rejection | None
) -> None:
    _, answer = cancel(status)
    assert (answer.outcome, answer.rejection) == (outcome, rejection)


@pytest.mark.parametrize(
    ("word", "outcome"),
    [("cancelled", Outcome.CANCELED), ("taken", Outcome.UNKNOWN), ("not canceled", Outcome.UNKNOWN)],
)
def test_a_final_reply_is_a_cancel_only_where_its_body_says_so(word: str, outcome: Outcome) -> None:
    _, found = cancel(200, good(**FINAL), document={"order": {"states": [{"name": word}]}})
    assert (found.outcome, found.status) == (outcome, word)


@pytest.mark.parametrize("document", [None, {}, {"order": [{"message": "Error: cannot be canceled after 24 hours"}]}])
def test_a_final_reply_that_does_not_say_what_became_of_the_order_is_malformed(document: object) -> None:
    flow = cancel_by_profile(good(**FINAL), CANCEL_REQUEST, SERVICE)
    next(flow)
    with pytest.raises(MalformedResponseError, match=r"there is no /order/states/0/name|the body is not JSON"):
        flow.send(httpx.Response(200, json=document))


def test_a_final_reply_that_refuses_is_a_refusal() -> None:
    assert cancel(409, ApiProfile(good(**FINAL).cancel))[1].outcome is Outcome.REJECTED


def unknown(read: httpx.Response) -> Answer:
    """What a cancel ends with that is answered with "no such order", by what the read says then."""
    flow = cancel_by_profile(good(), CANCEL_REQUEST, SERVICE)
    next(flow)
    assert flow.send(httpx.Response(404)).method == "GET"
    with pytest.raises(StopIteration) as ended:
        flow.send(read)
    assert isinstance(ended.value.value, Answer)
    return ended.value.value


@pytest.mark.parametrize(
    ("word", "outcome"),
    [("cancelled", Outcome.CANCELED), ("shipped", Outcome.REJECTED), ("in production", Outcome.NOT_PROCESSED)],
)
def test_no_such_order_at_the_cancel_alone_is_a_wrong_path(word: str, outcome: Outcome) -> None:
    assert unknown(httpx.Response(200, json={"order": {"states": [{"name": word}]}})).outcome is outcome


def test_no_such_order_at_both_calls_is_a_refusal() -> None:
    found = unknown(httpx.Response(404))
    assert (found.outcome, found.rejection) == (Outcome.REJECTED, Rejection.NOT_ALLOWED)


def test_a_read_that_tells_nothing_after_an_unknown_order_does_not_refuse() -> None:
    assert unknown(httpx.Response(500)).outcome is Outcome.NOT_PROCESSED


def check(document: object, status: int = 200, profile: ApiProfile | None = None) -> Answer:
    flow = poll_by_profile(profile or good(), PollRequest(ORDER, REMOTE_ORDER), SERVICE)
    request, answer = run(flow, httpx.Response(status, json=document))
    assert (request.method, request.url.raw_path) == ("GET", b"/v1/orders/R%2F7")
    return answer


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("CANCELED", Outcome.CANCELED),
        ("Shipped", Outcome.REJECTED),
        ("In Production", Outcome.PENDING),
        ("not canceled", Outcome.UNKNOWN),
    ],
)
def test_a_status_word_means_what_the_profile_says(word: str, outcome: Outcome) -> None:
    answer = check({"order": {"states": [{"name": word}]}})
    assert (answer.outcome, answer.status) == (outcome, word)


@pytest.mark.parametrize(("status", "outcome"), [(401, Outcome.NOT_PROCESSED), (404, Outcome.UNKNOWN)])
def test_a_read_that_failed_tells_nothing(status: int, outcome: Outcome) -> None:
    assert check({"order": {"states": [{"name": "canceled"}]}}, status).outcome is outcome


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({}, "there is no /order/states/0/name"),
        ({"order": {"states": []}}, "there is no"),
        ({"order": {"states": [7]}}, "there is no"),
        ({"order": {"states": [{"name": 7.5}]}}, "is neither a text nor a whole number"),
    ],
)
def test_a_reply_of_another_shape_is_malformed(document: object, text: str) -> None:
    flow = poll_by_profile(good(), PollRequest(ORDER, REMOTE_ORDER), SERVICE)
    next(flow)
    with pytest.raises(MalformedResponseError, match=text):
        flow.send(httpx.Response(200, json=document))


def test_a_pointer_may_name_keys_with_slashes_and_tildes() -> None:
    profile = read_api_profile(changed("read", status="/a~1b/c~0d"), PLACE)
    assert check({"a/b": {"c~d": "shipped"}}, profile=profile).rejection is Rejection.SHIPPED


def test_without_a_read_call_nothing_is_called_and_nothing_known() -> None:
    flow = poll_by_profile(ApiProfile(good().cancel), PollRequest(ORDER, REMOTE_ORDER), SERVICE)
    with pytest.raises(StopIteration) as ended:
        next(flow)
    assert ended.value.value.outcome is Outcome.UNKNOWN


# A service that only takes requests


def test_a_profile_that_asks_and_reads_back_is_taken() -> None:
    assert read_acknowledging_profile(GOOD, PLACE) == good()


@pytest.mark.parametrize(
    ("value", "place", "text", "hint"),
    [
        ({"cancel": GOOD["cancel"]}, ".read", "must be polled", "add path, status and canceled"),
        (changed("cancel", **FINAL), ".cancel.final", "its response is not final", "remove it"),
        (changed("cancel", method=None), ".cancel.method", "is missing", "ask the service"),
    ],
)
def test_a_profile_that_cannot_prove_what_it_asks_for_is_refused(
    value: object, place: str, text: str, hint: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read_acknowledging_profile(value, PLACE)
    assert raised.value.location == PLACE + place
    assert text in raised.value.message
    assert hint in str(raised.value.hint)


# Whose order it is


def test_a_reply_without_a_number_is_told_to_be_one() -> None:
    profile = read_api_profile(changed("read", number=None, number_not_stated="its pages show no number"), PLACE)
    assert profile.identities() == {"read": NotStated("its pages show no number")}


def test_where_each_reply_states_its_number_is_what_the_core_compares() -> None:
    profile = read_api_profile(
        {**changed("cancel", **FINAL), "read": {**GOOD["read"], "number_is": "order_number"}}, PLACE
    )
    stated = StatedAt("order", "number")
    assert profile.identities() == {"cancel": stated, "read": StatedAt("order", "number", number="order_number")}
    assert UNREAD.identities() == {}, "a response that only takes the request proves nothing"


def test_a_status_may_be_a_number() -> None:
    profile = read_api_profile(changed("read", canceled=[1000, "gone"]), PLACE)
    assert check({"order": {"states": [{"name": 1000}]}}, profile=profile).outcome is Outcome.CANCELED


LISTED: Mapping[str, object] = {"status": "/orders/0/status", "number": "/orders/0/number"}


@pytest.mark.parametrize("number", ["R/7", 7])
def test_one_of_several_entries_of_the_same_order_does_not_say_what_became_of_it(number: object) -> None:
    profile = read_api_profile(changed("read", **LISTED), PLACE)
    parts = {"orders": [{"number": str(number), "status": "canceled"}, {"number": number, "status": "open"}]}
    flow = poll_by_profile(profile, PollRequest(ORDER, REMOTE_ORDER), SERVICE)
    next(flow)
    with pytest.raises(MalformedResponseError, match="one of several that state the number"):
        flow.send(httpx.Response(200, json=parts))


def test_an_entry_beside_those_of_other_orders_says_it() -> None:
    profile = read_api_profile(changed("read", **LISTED), PLACE)
    others = {
        "orders": [{"number": "R/7", "status": "canceled"}, {"number": "R/70", "status": "open"}, {"status": "x"}]
    }
    assert check(others, profile=profile).outcome is Outcome.CANCELED
