"""A service's own errors: a 404 in its words is of the order, any other is of a path."""

from __future__ import annotations

import httpx
import pytest

from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Outcome, Rejection
from orderdesk_sdk.plugin.toolkit.service_errors import ServiceErrors, is_rejection

ERRORS = ServiceErrors("errors", "check the key")
OWN = httpx.Response(404, json={"errors": [{"code": "E7", "message": "no such order"}]})
NO = httpx.Response(409, json={"errors": [{"code": "E8", "message": "too late"}]})
THERE = httpx.Response(200, json={"status": "open"})
PATHS = [
    httpx.Response(404, text="<html></html>"),
    httpx.Response(404, json={"message": "no Route matched"}),
    httpx.Response(404, json={"errors": []}),
    httpx.Response(404),
    httpx.Response(405, json={}),
]


def after(response: httpx.Response, there: httpx.Response, found: Answer, lags: str | None = None) -> Answer | None:
    return ERRORS.answer_after_read(response, there, found, "1042", delay_reason=lags)


@pytest.mark.parametrize("status", [200, 302, 401, 403, 408, 425, 429, 500, 503])
def test_what_says_nothing_of_the_request_turns_it_not_down(status: int) -> None:
    assert not is_rejection(httpx.Response(status))


@pytest.mark.parametrize("status", [400, 404, 405, 409, 410, 422])
def test_a_client_error_of_the_request_turns_it_down(status: int) -> None:
    assert is_rejection(httpx.Response(status))


@pytest.mark.parametrize("response", PATHS)
def test_a_404_in_other_words_is_of_a_path(response: httpx.Response) -> None:
    assert not ERRORS.is_not_found(response)
    told = ERRORS.answer_without_order(response)
    assert (told.outcome, "base URL" in str(told.hint)) == (Outcome.NOT_PROCESSED, True)


def test_a_404_in_the_services_words_is_of_the_order() -> None:
    assert ERRORS.is_not_found(OWN)
    assert ERRORS.answer_without_order(OWN).outcome is Outcome.UNKNOWN


def test_an_order_is_unknown_where_the_service_says_so_at_both_calls() -> None:
    found = after(OWN, OWN, ERRORS.answer_without_order(OWN))
    assert found is not None
    assert (found.outcome, found.rejection) == (Outcome.REJECTED, Rejection.NOT_ALLOWED)


@pytest.mark.parametrize("other", [*PATHS, httpx.Response(500), httpx.Response(401)])
def test_it_is_not_refused_where_only_one_call_says_so(other: httpx.Response) -> None:
    for response, there in ((OWN, other), (other, OWN)):
        found = after(response, there, ERRORS.answer_without_order(there))
        assert found is not None
        assert found.outcome is Outcome.NOT_PROCESSED or not is_rejection(response)


def test_it_is_not_refused_where_reads_may_lag_behind() -> None:
    found = after(OWN, OWN, ERRORS.answer_without_order(OWN), lags="it may still come in")
    assert found is not None
    assert (found.outcome, found.message) == (Outcome.NOT_PROCESSED, "it may still come in: E7: no such order")


@pytest.mark.parametrize("status", ["canceled", "shipped"])
def test_what_the_order_says_goes_before(status: str) -> None:
    read = answer.from_status(THERE, status, canceled_statuses=["canceled"], shipped_statuses=["shipped"])
    assert after(NO, THERE, read) == read
    assert after(PATHS[0], THERE, read) == read


def test_an_open_order_leaves_the_refusal_to_the_plugin_but_for_a_404() -> None:
    read = answer.pending(THERE, status="open")
    assert after(NO, THERE, read) is None
    for response in (OWN, *PATHS):
        found = after(response, THERE, read)
        assert found is not None
        assert found.outcome is Outcome.NOT_PROCESSED
