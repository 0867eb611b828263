"""What a wire profile looks at before an order is made anew at its service."""

from __future__ import annotations

import httpx
import pytest

from orderdesk_sdk.plugin.answer import Answer, Outcome, Refusal
from orderdesk_sdk.plugin.profiles.api_flows import wire_before_create
from orderdesk_sdk.plugin.profiles.api_profile import WireProfile, read_wire_profile
from orderdesk_sdk.plugin.requests import ResubmitRequest
from orderdesk_sdk.plugin.toolkit.json_response import MalformedReply
from tests.test_wire import ORDER, PLACE, SERVICE, changed, good

LOOKED = read_wire_profile(changed("read", unknown=[404]), PLACE)


def before(reply: httpx.Response, *, unsure: bool) -> object:
    flow = wire_before_create(LOOKED, ResubmitRequest(ORDER, None, unsure=unsure), SERVICE)
    assert next(flow).url.raw_path == b"/v1/orders/A%207"
    with pytest.raises(StopIteration) as ended:
        flow.send(reply)
    return ended.value.value


THERE = httpx.Response(200, json={"order": {"states": [{"name": "a word that nobody knows"}]}})


@pytest.mark.parametrize("unsure", [False, True])
def test_what_is_not_there_may_be_created(unsure: bool) -> None:
    assert before(httpx.Response(404), unsure=unsure) is None


@pytest.mark.parametrize("word", ["cancelled", "shipped"])
def test_an_order_that_is_not_alive_is_not_what_an_earlier_try_made(word: str) -> None:
    found = before(httpx.Response(200, json={"order": {"states": [{"name": word}]}}), unsure=True)
    assert isinstance(found, Answer)
    assert found.outcome is Outcome.REFUSED


def test_what_an_earlier_try_made_is_found() -> None:
    assert before(THERE, unsure=True) == SERVICE.placement("A 7")


def test_what_no_earlier_try_can_have_made_is_somebody_elses() -> None:
    found = before(THERE, unsure=False)
    assert isinstance(found, Answer)
    assert (found.outcome, found.refusal) == (Outcome.REFUSED, Refusal.NOT_ALLOWED)
    assert found.remedy == "look at it, then give another number"


@pytest.mark.parametrize(
    ("status", "outcome"), [(401, Outcome.NOT_DONE), (429, Outcome.NOT_DONE), (500, Outcome.UNCLEAR)]
)
def test_a_look_that_failed_creates_nothing(status: int, outcome: Outcome) -> None:
    found = before(httpx.Response(status), unsure=False)
    assert isinstance(found, Answer)
    assert found.outcome is outcome


def test_a_page_that_is_no_order_creates_nothing() -> None:
    with pytest.raises(MalformedReply, match="there is no /order"):
        before(httpx.Response(200, json={}), unsure=True)


@pytest.mark.parametrize("profile", [None, WireProfile(good().cancel), good()], ids=["none", "no read", "no statuses"])
def test_where_nobody_can_look_it_is_created_once_and_then_unclear(profile: WireProfile | None) -> None:
    def ended_without_a_call(unsure: bool) -> object:
        with pytest.raises(StopIteration) as ended:
            next(wire_before_create(profile, ResubmitRequest(ORDER, None, unsure=unsure), SERVICE))
        return ended.value.value

    assert ended_without_a_call(unsure=False) is None
    again = ended_without_a_call(unsure=True)
    assert isinstance(again, Answer)
    assert again.outcome is Outcome.UNCLEAR
