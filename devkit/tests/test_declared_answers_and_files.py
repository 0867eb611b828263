"""Status changes, answers to requests and files: what differs from what the test class declares is told by its rule."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import Requirement
from tests.support.liar_judge import require_told

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow

ACCEPTED = 'AnswerEnding(ResponseAnswer.ACCEPT, State.DONE, proof="getOrderById"'
ARCHIVED = 'StatusEnding("archived", State.DONE, status="open", proof="Archive"'
WRITTEN = 'ExpectedFile(content="to cancel: 1042, {{case}}", settings={{"client_id": "mine"}}'
TEST = """
from orderdesk_devkit.testing.conformance import AnswerEnding, ExpectedFile, ExpectedRequest, StatusEnding
from orderdesk_devkit.testing.conformance import PluginConformance
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.plugin import LocalFileDrop, ResponseAnswer
from pathlib import Path

def write(desk, case_id, drop):
    request = desk.cases.request_for(case_id)
    given = desk.connections.get("commercehub").settings
    if given.client_id.reveal() != "mine":
        raise ValidationError("it is empty", location="client_id")
    content = f"to cancel: {{request.remote_id}}, {{case_id}}".encode()
    where = (drop or LocalFileDrop(Path(given.file_drop))).put("a-file", content)
    desk.cases.add_note(case_id, f"wrote {{where}}", by="Ann")
    return where

class TestIt(PluginConformance):
    integration = "{integration}"
    request_settings = {{"answer_requests": True}}
    folder_setting, write_file = "file_drop", (write,)
    {attribute} = ({expected},)
"""


def judge(pytester: pytest.Pytester, integration: str, attribute: str, expected: str, test: str) -> pytest.RunResult:
    """What the suite says of an integration whose class declares this."""
    pytester.makepyfile(
        TEST.format(
            integration=integration, attribute=attribute, expected=expected.replace("{{", "{").replace("}}", "}")
        )
    )
    return pytester.runpytest_inprocess("-q", "-k", test)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (", requests=())", "accept: 1 requests write, and 0 are expected: POST /order/item/cancel"),
        (', meanwhile="withdraw_request")', "accept (withdraw_request): it ends rejected *, not done"),
        (").__class__(ResponseAnswer.ACCEPT, State.DONE)", "the evidence is the response to getOrderById, not to None"),
    ],
)
def test_another_end_of_an_answer_is_told(pytester: pytest.Pytester, more: str, told: str) -> None:
    result = judge(pytester, "commercehub", "answer_endings", ACCEPTED + more, "an_answer_is_settled")
    require_told(result, Requirement.ANSWERS_REQUESTS, told)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (", is_set=False)", "archived of 'open': the order has it in the end"),
        (', options={"status_change": "refused"}, is_set=False)', "it ends rejected *, not done"),
        (', says="never")', "it ends done *, not done (never)"),
    ],
)
def test_another_end_of_a_status_change_is_told(pytester: pytest.Pytester, more: str, told: str) -> None:
    result = judge(pytester, "shopify", "status_endings", ARCHIVED + more, "a_status_change_is_settled")
    require_told(result, Requirement.STATUS, told)


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        (WRITTEN.replace("1042", "1043") + ")", "its text is 'to cancel: 1042, *', not 'to cancel: 1043, *'"),
        (WRITTEN.replace("mine", "yours") + ")", "it is not written: client_id: it is empty"),
        (WRITTEN + ', refused="it is empty")', "it is written, and it is empty was expected"),
    ],
)
def test_another_file_is_told(pytester: pytest.Pytester, expected: str, told: str) -> None:
    result = judge(pytester, "commercehub", "files", expected, "each_file_says")
    require_told(result, Requirement.FILE_TEXTS, told)


def test_what_is_declared_and_is_so_passes(pytester: pytest.Pytester) -> None:
    for integration, attribute, expected in (
        ("commercehub", "answer_endings", f"{ACCEPTED})"),
        ("shopify", "status_endings", f"{ARCHIVED})"),
        ("commercehub", "files", f"{WRITTEN})"),
    ):
        result = judge(pytester, integration, attribute, expected, "is_settled or each_file_says")
        assert "failed" not in result.parseoutcomes()
