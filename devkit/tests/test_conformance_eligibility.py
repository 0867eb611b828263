"""Readings before a cancel: a plugin that reads what the service says passes, and others are told the rule and hint."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import Requirement
from tests.support import eligibility_toy
from tests.support.liar_judge import judge, require_told

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow

TOLD = "called_eligible"
HELD = "not_read_is_not_sent"


@pytest.mark.parametrize(
    ("liar", "test", "law", "told"),
    [
        (
            eligibility_toy.OffersEveryReason,
            TOLD,
            Requirement.ELIGIBILITY,
            "reasons=no stock, before a cancel: the reading names BUYER_ASKED, OTHER_REASON, OUT_OF_STOCK, and*",
        ),
        (
            eligibility_toy.OffersEveryReason,
            HELD,
            Requirement.ELIGIBILITY,
            "OUT_OF_STOCK was read, and no longer holds: the cancel was not refused before it was recorded",
        ),
        (
            eligibility_toy.CallsEveryOrderEligible,
            TOLD,
            Requirement.ELIGIBILITY,
            "once it is settled: it is called eligible, and the service has it not eligible",
        ),
        (
            eligibility_toy.DoesNotSay,
            TOLD,
            Requirement.ELIGIBILITY,
            "before a cancel: it is called unknown, and the service has it eligible",
        ),
        (
            eligibility_toy.ReadsByWriting,
            TOLD,
            Requirement.ELIGIBILITY,
            "to read it changed something at the service: taken",
        ),
    ],
)
def test_a_plugin_that_does_not_read_what_the_service_says_is_told(
    pytester: pytest.Pytester, liar: type, test: str, law: Requirement, told: str
) -> None:
    require_told(judge(pytester, liar, eligibility_toy.Market, test), law, told)


def test_a_plugin_that_reads_what_the_service_says_passes(pytester: pytest.Pytester) -> None:
    result = judge(pytester, eligibility_toy.AsksFirst, eligibility_toy.Market, f"{TOLD} or {HELD} or chosen_reason")
    assert result.parseoutcomes()["passed"] == 3
