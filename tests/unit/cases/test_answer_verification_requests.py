"""What the request that a response answers says of it: which order it is about, and whether it may be made again."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import httpx
import pytest

from orderdesk_sdk.cases.answer_verification import AnswerVerifier, ExpectedOrder, ReceivedResponse
from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.plugin.answer import Answer, Answers, Outcome
from orderdesk_sdk.plugin.order_numbers import Identity, NotStated, StatedAt

WHOLE = ExpectedOrder("R-7", "1042", "ref-1")
STATED: Mapping[str, Identity] = {"get": StatedAt("order", "number")}
MINE = {"order": {"number": "R-7"}}


class TestWhatStatesNone:
    """Where the response names no order, its request must."""

    @staticmethod
    def held(request: httpx.Request | None, about: ExpectedOrder = WHOLE) -> Answer:
        got = {1: ReceivedResponse("get", httpx.Response(200), request=request)}
        found = AnswerVerifier({"get": NotStated("it has no body")}, (about,)).verify(
            Answer(Outcome.CANCELED, exchange=1), got
        )
        assert isinstance(found, Answer)
        return found

    @pytest.mark.parametrize(
        ("url", "body"),
        [
            ("/orders/R-7", None),
            ("/orders?n=R-7&x=1", None),
            ("/orders/1042/cancel", None),
            ("/jobs/ref-1", None),
            ("/cancel", {"orders": [{"n": "R-7"}]}),
            ("/order/R-7:cancel", None),
        ],
    )
    def test_a_request_names_it_by_any_of_its_numbers(self, url: str, body: object) -> None:
        found = self.held(httpx.Request("POST", f"https://acme.example{url}", json=body))
        assert (found.outcome, found.unidentified_reason) == (Outcome.CANCELED, "it has no body")

    @pytest.mark.parametrize("number", ["A/7", "ä 7", 'A"7', "A&7", "#7", "7+"])
    def test_however_it_is_written_there(self, number: str) -> None:
        about = ExpectedOrder(number, "9999")
        for request in (
            httpx.Request("GET", httpx.URL("https://acme.example/x", params={"n": number})),
            httpx.Request("POST", "https://acme.example/x", json={"n": number}),
            httpx.Request("POST", "https://acme.example/x", data={"n": number}),
            httpx.Request("POST", "https://acme.example/x", content=f"<n>{escape(number)}</n>".encode()),
        ):
            assert self.held(request, about).outcome is Outcome.CANCELED

    @pytest.mark.parametrize(
        ("url", "body"),
        [("/orders/R-70", None), ("/orders/8", {"orders": ["R-8", "XR-7", "R-77"]}), ("/orders", None)],
    )
    def test_a_request_about_another_order_does_not(self, url: str, body: object) -> None:
        found = self.held(httpx.Request("POST", f"https://acme.example{url}", json=body))
        assert found.outcome is Outcome.UNKNOWN
        assert found.message == "neither the response nor its request says which order it is about"
        assert self.held(None).outcome is Outcome.UNKNOWN


class TestThatNothingWasDone:
    """Law 3: what may have been processed is not sent again because a plugin says that it did not."""

    def held(
        self, *exchanges: tuple[int, bool], rests_on: int | None, about: tuple[ExpectedOrder, ...] = (WHOLE,)
    ) -> object:
        got = {
            number: ReceivedResponse("get", httpx.Response(status, json=MINE), may_write=changes)
            for number, (status, changes) in enumerate(exchanges, 1)
        }
        return AnswerVerifier(STATED, about).verify(Answer(Outcome.NOT_PROCESSED, exchange=rests_on), got)

    @pytest.mark.parametrize("status", [202, 206, 302, 408, 500, 502, 503])
    def test_no_status_proves_it_that_leaves_it_open(self, status: int) -> None:
        with pytest.raises(PluginError, match=f"was answered {status}, which does not prove that nothing was done"):
            self.held((status, True), rests_on=None)

    @pytest.mark.parametrize("status", [206, 302, 408, 500, 502, 503])
    def test_nor_does_an_answer_that_names_such_a_response(self, status: int) -> None:
        with pytest.raises(PluginError, match="does not prove that nothing was done"):
            self.held((status, True), rests_on=1)

    def test_a_read_does_not_prove_it_of_a_request_that_was_taken(self) -> None:
        with pytest.raises(PluginError, match="after its request 1 was answered 200"):
            self.held((200, True), (200, False), rests_on=2)
        with pytest.raises(PluginError, match="after its request 1 was answered 200"):
            self.held((200, True), (401, True), rests_on=2)

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 425])
    @pytest.mark.parametrize("rests_on", [None, 1, 2])
    def test_a_client_error_proves_it(self, status: int, rests_on: int | None) -> None:
        answer = self.held((status, True), (200, False), rests_on=rests_on)
        assert answer == Answer(Outcome.NOT_PROCESSED, exchange=rests_on)

    def test_a_success_may_say_so_in_its_body(self) -> None:
        assert self.held((200, True), rests_on=1) == Answer(Outcome.NOT_PROCESSED, exchange=1)

    def test_what_may_be_repeated_needs_no_proof(self) -> None:
        assert self.held((503, False), rests_on=1) == Answer(Outcome.NOT_PROCESSED, exchange=1)

    @pytest.mark.parametrize("rests_on", [None, 1])
    def test_of_several_orders_it_concerns_those_that_the_request_names(self, rests_on: int | None) -> None:
        both = (WHOLE, ExpectedOrder("R-8", "1043"))
        write = httpx.Request("POST", "https://acme.example/cancel", json={"orders": ["R-8", "R-70"]})
        got = {
            1: ReceivedResponse("get", httpx.Response(200)),
            2: ReceivedResponse("get", httpx.Response(500), True, write),
        }
        nothing, open_ = Answer(Outcome.NOT_PROCESSED, exchange=rests_on), Answer(Outcome.UNKNOWN, exchange=2)
        told = AnswerVerifier(STATED, both).verify(Answers((nothing, open_)), got)
        assert told == Answers((nothing, open_))
        with pytest.raises(PluginError, match="does not prove"):
            AnswerVerifier(STATED, both).verify(Answers((open_, nothing)), got)
