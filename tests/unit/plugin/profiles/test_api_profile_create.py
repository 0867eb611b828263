"""What an API profile looks at before an order is made anew at its service."""

from __future__ import annotations

import httpx
import pytest

from orderdesk_sdk.plugin.answer import Answer, Outcome, Rejection
from orderdesk_sdk.plugin.profiles.api_flows import check_before_create
from orderdesk_sdk.plugin.profiles.api_profile import ApiProfile, read_api_profile
from orderdesk_sdk.plugin.requests import ResubmitRequest
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from tests.support.api_profiles import ORDER, PLACE, SERVICE, changed, good

LOOKED = read_api_profile(changed("read", not_found=[404]), PLACE)


def before(response: httpx.Response, *, may_exist: bool) -> object:
    flow = check_before_create(LOOKED, ResubmitRequest(ORDER, None, may_exist=may_exist), SERVICE)
    assert next(flow).url.raw_path == b"/v1/orders/A%207"
    with pytest.raises(StopIteration) as ended:
        flow.send(response)
    return ended.value.value


THERE = httpx.Response(200, json={"order": {"states": [{"name": "a word that nobody knows"}]}})


@pytest.mark.parametrize("unsure", [False, True])
def test_what_is_not_there_may_be_created(unsure: bool) -> None:
    assert before(httpx.Response(404), may_exist=unsure) is None


@pytest.mark.parametrize("word", ["cancelled", "shipped"])
def test_an_order_that_is_not_alive_is_not_what_an_earlier_try_made(word: str) -> None:
    found = before(httpx.Response(200, json={"order": {"states": [{"name": word}]}}), may_exist=True)
    assert isinstance(found, Answer)
    assert found.outcome is Outcome.REJECTED


def test_what_an_earlier_try_made_is_found() -> None:
    assert before(THERE, may_exist=True) == SERVICE.remote_order("A 7")


def test_what_no_earlier_try_can_have_made_is_somebody_elses() -> None:
    found = before(THERE, may_exist=False)
    assert isinstance(found, Answer)
    assert (found.outcome, found.rejection) == (Outcome.REJECTED, Rejection.NOT_ALLOWED)
    assert found.hint == "look at it, then give another number"


@pytest.mark.parametrize(
    ("status", "outcome"), [(401, Outcome.NOT_PROCESSED), (429, Outcome.NOT_PROCESSED), (500, Outcome.UNKNOWN)]
)
def test_a_look_that_failed_creates_nothing(status: int, outcome: Outcome) -> None:
    found = before(httpx.Response(status), may_exist=False)
    assert isinstance(found, Answer)
    assert found.outcome is outcome


def test_a_page_that_is_no_order_creates_nothing() -> None:
    with pytest.raises(MalformedResponseError, match="there is no /order"):
        before(httpx.Response(200, json={}), may_exist=True)


@pytest.mark.parametrize("profile", [None, ApiProfile(good().cancel), good()], ids=["none", "no read", "no statuses"])
def test_where_nobody_can_look_it_is_created_once_and_then_unclear(profile: ApiProfile | None) -> None:
    def ended_without_a_call(unsure: bool) -> object:
        with pytest.raises(StopIteration) as ended:
            next(check_before_create(profile, ResubmitRequest(ORDER, None, may_exist=unsure), SERVICE))
        return ended.value.value

    assert ended_without_a_call(unsure=False) is None
    again = ended_without_a_call(unsure=True)
    assert isinstance(again, Answer)
    assert again.outcome is Outcome.UNKNOWN
