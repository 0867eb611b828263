"""The report beside the order: it never keeps the order from deciding, and never loses the reason that it tells."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from orderdesk_amazon_marketplace.simulator import MarketplaceSimulator
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import LINES, SimulatedHarness
from orderdesk_devkit.testing.request_recorder import RecordedRequest
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import hours
from orderdesk_sdk.plugin.answer import Rejection

integration = "amazon-marketplace"
order = ORDER = "902-1106328-1059050"
Edit = Callable[[RecordedRequest, bytes], bytes]


def report_of(result: str = "", counts: tuple[int, int, int] | None = (1, 0, 1)) -> bytes:
    """A report with these counts of processed, successful and failed messages; None: without a summary."""
    names = ("MessagesProcessed", "MessagesSuccessful", "MessagesWithError")
    listed = "".join(f"<{name}>{count}</{name}>" for name, count in zip(names, counts or (), strict=False))
    inside = f"<StatusCode>Complete</StatusCode><ProcessingSummary>{listed}</ProcessingSummary>{result}"
    return f"<AmazonEnvelope><Message><ProcessingReport>{inside}</ProcessingReport></Message></AmazonEnvelope>".encode()


def result_of(*names: str) -> str:
    said = "<ResultMessageCode>8541</ResultMessageCode><ResultDescription>no such item</ResultDescription>"
    return f"<Result>{''.join(names)}<ResultCode>Error</ResultCode>{said}</Result>"


def reported(report: bytes) -> Edit:
    return lambda seen, body: report if seen.path.startswith("/store/") else body


def followed(
    simulator: MarketplaceSimulator, harness: SimulatedHarness, edit: Edit, fate: str = "ignored"
) -> CancelCase:
    simulator.set_option("fate", fate)
    simulator.add_order(ORDER, lines=LINES)
    harness.cancel("out of stock")
    harness.recorder.edit_response = edit
    return harness.follow_up()


def without_result(seen: RecordedRequest, body: bytes) -> bytes:
    if "/feeds/2021-06-30/feeds/" not in seen.path:
        return body
    document = json.loads(body)
    return json.dumps({key: value for key, value in document.items() if key != "resultFeedDocumentId"}).encode()


UNREADABLE = {
    "cp1252 that is no XML": reported("<?xml version='1.0' encoding='UTF-8'?><a>\u00e9".encode("cp1252")),
    "empty": reported(b""),
    "a page": reported(b"<html><body>Gone</body></html>"),
    "another report": reported(b'{"header": {}}'),
    "never complete": reported(report_of().replace(b"Complete", b"Processing")),
    "no result document": without_result,
}


@pytest.mark.parametrize("edit", UNREADABLE.values(), ids=UNREADABLE)
def test_the_order_decides_whatever_its_report_is(
    simulator: MarketplaceSimulator, harness: SimulatedHarness, edit: Edit
) -> None:
    case = followed(simulator, harness, edit, fate="honored")
    assert (case.state, case.service_status) == (State.CANCELED, "CANCELLED")


@pytest.mark.parametrize("path", ["/documents/a", "/store/"])
@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR_HTML, Fault.LOST_RESPONSE, Fault.OK_EMPTY, Fault.GARBAGE_GZIP])
def test_the_order_decides_though_its_report_is_never_had(
    simulator: MarketplaceSimulator, harness: SimulatedHarness, fault: Fault, path: str
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    harness.cancel("out of stock")
    simulator.faults.add(fault, method="GET", path=path, times=10_000)
    assert harness.follow_up().state is State.CANCELED


def test_the_order_decides_though_its_feed_never_ends(
    simulator: MarketplaceSimulator, harness: SimulatedHarness
) -> None:
    began = harness.clock.now()

    def queued(seen: RecordedRequest, body: bytes) -> bytes:
        if "/feeds/2021-06-30/feeds/" not in seen.path:
            return body
        return json.dumps({**json.loads(body), "processingStatus": "IN_PROGRESS"}).encode()

    case = followed(simulator, harness, queued, fate="honored")
    assert (case.state, case.service_status) == (State.CANCELED, "CANCELLED")
    assert harness.clock.now() - began < hours(2)


@pytest.mark.parametrize("how", ["plain", "gzip", "cp1252", "namespace"])
def test_an_error_is_read_however_the_report_is_written(
    simulator: MarketplaceSimulator, harness: SimulatedHarness, how: str
) -> None:
    simulator.set_option("report", how)
    case = followed(simulator, harness, lambda seen, body: body, fate="error")
    assert (case.state, case.rejection) == (State.REJECTED, Rejection.NOT_ALLOWED)
    assert "SIM_CHOSEN: simulator" in (case.message or "")


ONE = "<MessageID>1</MessageID>"
OURS = {
    "its message": (report_of(result_of(ONE)), "8541: no such item"),
    "its number": (
        report_of(result_of(f"<AdditionalInfo><AmazonOrderID>{ORDER}</AmazonOrderID></AdditionalInfo>"), (3, 2, 1)),
        "8541: no such item",
    ),
    "no message": (report_of(result_of()), "8541: no such item"),
    "an empty message": (report_of(result_of("<MessageID/>")), "8541: no such item"),
    "message 0": (report_of(result_of("<MessageID>0</MessageID>"), (0, 0, 1)), "8541: no such item"),
    "no summary": (report_of(result_of(), None), "8541: no such item"),
    "no result": (report_of(), "there is an error"),
    "nothing processed": (report_of("", (0, 0, 0)), "nothing was processed"),
    "a code in other letters": (report_of(result_of(ONE).replace("Error", "ERROR")), "8541: no such item"),
    "no words": (report_of(f"<Result>{ONE}<ResultCode>Error</ResultCode></Result>"), "an error without a word"),
}


@pytest.mark.parametrize(("report", "said"), OURS.values(), ids=OURS)
def test_an_error_that_must_be_the_orders_own_refuses_it_in_the_reports_words(
    simulator: MarketplaceSimulator, harness: SimulatedHarness, report: bytes, said: str
) -> None:
    case = followed(simulator, harness, reported(report))
    assert (case.state, case.rejection) == (State.REJECTED, Rejection.NOT_ALLOWED)
    assert said in (case.message or "")
    assert "Seller Central" in (case.hint or "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "report",
    [
        report_of(result_of(), (3, 2, 1)),
        report_of("", (3, 2, 1)),
        report_of(result_of("<MessageID>7</MessageID>"), (3, 1, 2)),
    ],
)
def test_an_error_that_may_be_anothers_is_told_and_refuses_nothing(
    simulator: MarketplaceSimulator, harness: SimulatedHarness, report: bytes
) -> None:
    case = followed(simulator, harness, reported(report))
    assert case.state is State.ACTION_REQUIRED
    told = [step.message or "" for step in harness.receipt.history]
    assert any("the service's report says" in text for text in told)
    assert "the service's report says" in (case.message or "")


def test_a_fatal_feed_whose_report_names_the_order_is_refused_in_its_words(
    simulator: MarketplaceSimulator, harness: SimulatedHarness
) -> None:
    def fatal(seen: RecordedRequest, body: bytes) -> bytes:
        if "/feeds/2021-06-30/feeds/" in seen.path:
            return json.dumps({**json.loads(body), "processingStatus": "FATAL"}).encode()
        return reported(report_of(result_of(ONE)))(seen, body)

    case = followed(simulator, harness, fatal)
    assert (case.state, "8541: no such item" in (case.message or "")) == (State.REJECTED, True)


def test_items_that_cannot_be_read_do_not_keep_a_status_from_counting(
    simulator: MarketplaceSimulator, harness: SimulatedHarness
) -> None:
    def stripped(seen: RecordedRequest, body: bytes) -> bytes:
        if "/orders/2026" not in seen.path:
            return body
        document = json.loads(body)
        document["order"]["orderItems"] = None
        return json.dumps(document).encode()

    case = followed(simulator, harness, stripped, fate="honored")
    assert (case.state, case.service_status) == (State.CANCELED, "CANCELLED")


@pytest.mark.parametrize("body", ["<html>Not Found</html>", '{"message": "Not Found"}'])
def test_a_404_that_is_none_of_amazons_is_a_matter_of_the_configuration(
    simulator: MarketplaceSimulator, harness: SimulatedHarness, body: str
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    harness.recorder.override = lambda seen: (404, body) if "/orders/" in seen.path else None
    case = harness.cancel("out of stock")
    assert (case.state, case.rejection) == (State.PENDING, None)
    assert "base URL" in (case.hint or "")


def renumbered(seen: RecordedRequest, body: bytes) -> bytes:
    if "/orders/2026" not in seen.path:
        return body
    document = json.loads(body)
    document["order"]["orderId"] = "902-9999999-9999999"
    return json.dumps(document).encode()


@pytest.mark.slow
def test_a_reply_about_another_order_decides_nothing(
    simulator: MarketplaceSimulator, harness: SimulatedHarness
) -> None:
    case = followed(simulator, harness, renumbered, fate="honored")
    assert (case.state, case.evidence, simulator.actual_status(ORDER)) == (State.ACTION_REQUIRED, None, "CANCELLED")


@pytest.mark.slow
def test_no_feed_is_made_of_another_orders_items(simulator: MarketplaceSimulator, harness: SimulatedHarness) -> None:
    simulator.add_order(ORDER, lines=LINES)
    harness.recorder.edit_response = renumbered
    harness.cancel("out of stock")
    assert harness.follow_up().state is State.ACTION_REQUIRED
    assert [record.operation for record in simulator.log if record.operation.startswith("createFeed")] == []
