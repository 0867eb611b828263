"""The part of the suite about e-mails: a mail to somebody else, or with another text, is told; so is a silent plan."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import Requirement
from tests.support.liar_judge import require_told

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow

TEST = """
import tests.support.toy_plugin, tests.support.toy_simulators
from orderdesk_devkit.testing.conformance import ExpectedEmail, PluginConformance

class TestToy(PluginConformance):
    integration = "toy"
    plugin = tests.support.toy_plugin.Writes()
    simulator = tests.support.toy_simulators.ToyShop
    settings = {{"mailbox": "stop@toys.example", "words": "Stop {{remote_id}}"}}
    emails = (ExpectedEmail({expected}),)
    refused_settings = {refused}
"""


def judge(pytester: pytest.Pytester, expected: str, refused: str = "()") -> pytest.RunResult:
    pytester.makepyfile(TEST.format(expected=expected, refused=refused))
    return pytester.runpytest_inprocess("-q", "-rs", "-k", "each_email_says or contradict_each_other")


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        ('to="other@toys.example", subject="Stop 1042"', "it begins with *not with *other@toys.example*"),
        ('to="stop@toys.example", subject="Stop"', "it begins with *not with *Subject: Stop'"),
        ('to="stop@toys.example", subject="Stop 1042", body=("at once",)', "its text has no 'at once': 'Stop 1042'"),
        ('to="stop@toys.example", subject="Stop 1042", is_warned_of=True', "the plan warns of nothing, with {}"),
    ],
)
def test_another_email_than_expected_is_told(pytester: pytest.Pytester, expected: str, told: str) -> None:
    require_told(judge(pytester, expected), Requirement.EMAILS, told)


def test_settings_that_should_be_refused_and_are_not_are_told(pytester: pytest.Pytester) -> None:
    result = judge(pytester, 'to="stop@toys.example", subject="Stop 1042"', '({"words": "Please stop {remote_id}"},)')
    require_told(result, Requirement.SETTINGS, "a connection can be made with {'words': 'Please stop {remote_id}'}")


def test_what_is_as_expected_passes(pytester: pytest.Pytester) -> None:
    refused = '({"mailbox": 7},)'
    result = judge(pytester, 'to="stop@toys.example", subject="Stop 1042", body=("Stop 1042",)', refused)
    assert result.parseoutcomes().keys() == {"passed", "deselected"}
