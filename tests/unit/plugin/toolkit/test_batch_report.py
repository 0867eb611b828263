"""A report on many orders: what it has against one of them, and whether it is sure to mean that one."""

from __future__ import annotations

import httpx
import pytest

from orderdesk_sdk.plugin.answer import Outcome, Rejection
from orderdesk_sdk.plugin.toolkit.batch_report import BatchReport, ReportProblem, XmlReportFormat
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError

REPLY = httpx.Response(200)
SHAPE = XmlReportFormat(
    "Report",
    ("State", "Running"),
    problem="Item",
    error=("Kind", "Error"),
    order_names=("No", "More/Order"),
    placeholders="0",
    messages=("Code", "Text"),
    counts=("Sum/All", "Sum/Good", "Sum/Bad"),
)


def problem(text: str, *names: str) -> ReportProblem:
    return ReportProblem(frozenset(names), text)


def verdict(report: BatchReport) -> tuple[Outcome, str] | None:
    answer = report.answer_for(REPLY, {"2", "A-2"}, hint="look there")
    if answer is None:
        return None
    assert (answer.rejection, answer.hint) in ((Rejection.NOT_ALLOWED, "look there"), (None, None))
    assert answer.message is not None
    return answer.outcome, answer.message.removeprefix("the service's report says: ").partition(" (which")[0]


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (BatchReport(()), None),
        (BatchReport((), 3, 3, 0), None),
        (BatchReport((problem("E1", "1"),), 3, 2, 1), None),
        (BatchReport((problem("E1", "1"),)), None),
        (BatchReport((), 1, 0, 0), None),  # It was processed with a warning.
        (BatchReport((problem("E1", "2"),), 3, 2, 1), (Outcome.REJECTED, "E1")),
        (BatchReport((problem("E1", "A-2", "9"), problem("E2", "2"))), (Outcome.REJECTED, "E1; E2")),
        (BatchReport((problem("", "2"),)), (Outcome.REJECTED, "an error without a word")),
        (BatchReport((problem("E1"),)), (Outcome.REJECTED, "E1")),
        (BatchReport((problem("E1"),), 1, 0, 1), (Outcome.REJECTED, "E1")),
        (BatchReport((), 1, 0, 1), (Outcome.REJECTED, "there is an error, and not of which order")),
        (BatchReport((problem("E1", "7"),), 1, 0, 1), (Outcome.REJECTED, "there is an error, and not of which order")),
        (BatchReport((), None, None, 1), (Outcome.REJECTED, "there is an error, and not of which order")),
        (BatchReport((), 0, 0, 0), (Outcome.REJECTED, "nothing was processed")),
        (BatchReport((problem("E1"),), 0), (Outcome.REJECTED, "E1")),
        (BatchReport((problem("E1"),), 3, 2, 1), (Outcome.PENDING, "E1")),
        (BatchReport((problem("E1"),), 3), (Outcome.PENDING, "E1")),
        (BatchReport((), 3, 2, 1), (Outcome.PENDING, "there is an error, and not of which order")),
        (BatchReport((problem("E1", "1"),), 3, 1, 2), (Outcome.PENDING, "there is an error, and not of which order")),
    ],
)
def test_a_report_refuses_whom_it_is_sure_to_mean_and_never_loses_a_reason(
    report: BatchReport,
    said: tuple[Outcome, str] | None,
) -> None:
    assert verdict(report) == said


def read(text: str) -> BatchReport:
    return SHAPE.read(httpx.Response(200, content=text.encode()))


def test_a_report_in_xml_is_read_by_the_names_of_its_tags() -> None:
    assert read(
        "<E><M><Report><State>Done</State><Sum><All>3</All><Good>1</Good><Bad>2</Bad></Sum>"
        "<Item><No> 1 </No><Kind>error</Kind><Code>5000</Code><Text>no</Text></Item>"
        "<Item><No>2</No><Kind>Warning</Kind><Code>1</Code></Item>"
        "<Item><No>0</No><Kind>ERROR</Kind><More><Order>A-3</Order></More></Item><Item><Kind>Error</Kind></Item>"
        "</Report></M></E>"
    ) == BatchReport((problem("5000: no", "1"), problem("", "A-3"), problem("")), 3, 1, 2)
    assert read('<Report xmlns="urn:x"><Sum><All>none</All></Sum></Report>') == BatchReport(())


@pytest.mark.parametrize("text", ["", "<Other/>", "<E><Report><State>Running</State></Report></E>", "{}"])
def test_what_is_no_complete_report_is_malformed(text: str) -> None:
    with pytest.raises(MalformedResponseError):
        read(text)
