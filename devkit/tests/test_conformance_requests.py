"""The part of the suite about the words of requests: one that differs from what the test class expects is told."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import Requirement
from tests.support.liar_judge import require_told

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow

TEST = """
import tests.support.toy_plugin, tests.support.toy_simulators
from orderdesk_devkit.testing.conformance import ExpectedRequest, PluginConformance

class TestToy(PluginConformance):
    integration = "toy"
    plugin = tests.support.toy_plugin.Toy()
    simulator = tests.support.toy_simulators.ToyShop
    requests = ({expected})
"""
CANCEL = 'ExpectedRequest("PUT", "/orders/1042/cancel"),'
CREATE = 'ExpectedRequest("POST", "/orders", {"number": "1042-1"}),'


def judge(pytester: pytest.Pytester, expected: str) -> pytest.RunResult:
    pytester.makepyfile(TEST.format(expected=expected))
    return pytester.runpytest_inprocess("-q", "-k", "each_request_says")


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        (CANCEL, "2 requests write, and 1 are expected: PUT /orders/1042/cancel, POST /orders"),
        (CANCEL.replace("PUT", "POST") + CREATE, "request 1 is PUT /orders/1042/cancel, not POST /orders/1042/cancel"),
        (CANCEL + CREATE.replace("1042-1", "1042"), "request 2: /number is '1042-1', not '1042'"),
        (CANCEL + CREATE.replace("}", ', "rush": True}'), "request 2: /rush is missing, not True"),
        (CANCEL + CREATE.replace('"number"', '"no"'), "request 2: /number is '1042-1', not missing"),
    ],
)
def test_another_request_than_expected_is_told(pytester: pytest.Pytester, expected: str, told: str) -> None:
    require_told(judge(pytester, expected), Requirement.REQUESTS, told)


def test_the_requests_that_are_expected_pass(pytester: pytest.Pytester) -> None:
    assert judge(pytester, CANCEL + CREATE).parseoutcomes().keys() == {"passed", "deselected"}
