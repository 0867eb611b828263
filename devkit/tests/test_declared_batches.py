"""Batches: a button that gathers orders otherwise than the service takes them is told with the rule."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import Requirement
from tests.support.liar_judge import require_told

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow

GATHERED = "ExpectedBatch(Batch(minutes(10), 10))"


def judge(pytester: pytest.Pytester, toy: str, batches: str) -> pytest.RunResult:
    """What the suite says of a toy whose class expects these batches."""
    module, _, name = toy.rpartition(".")
    pytester.makepyfile(f"""
        from tests.support import toy_simulators
        from {module} import {name}
        from orderdesk_devkit.testing.conformance import ExpectedBatch, PluginConformance
        from orderdesk_sdk.plugin import Batch, minutes

        class TestToy(PluginConformance):
            integration = "toy"
            plugin = {name}()
            simulator = toy_simulators.ToyShop
            batches = ({batches})
    """)
    return pytester.runpytest_inprocess("-q", "-rs", "-k", "orders_are_gathered")


GATHERS, ASKS_EACH = "tests.support.toy_declarations.MixesUpOrders", "tests.support.toy_plugin.Toy"


@pytest.mark.parametrize(
    ("toy", "expected", "told"),
    [
        (GATHERS, "ExpectedBatch(Batch(minutes(10), 9)),", "max_size=10, * not *max_size=9"),
        (GATHERS, "ExpectedBatch(Batch(minutes(20), 10)),", "collect_for=*600*, not *collect_for=*1200"),
        (GATHERS, "ExpectedBatch(Batch(minutes(10), 10, True)),", "interval=False*, not *interval=True"),
        (GATHERS, f"{GATHERED}, ExpectedBatch(None)", "the button has Batch*, not None"),
        (ASKS_EACH, f"{GATHERED},", "the button has None, not Batch"),
    ],
)
def test_another_batch_than_expected_is_told(pytester: pytest.Pytester, toy: str, expected: str, told: str) -> None:
    require_told(judge(pytester, toy, expected), Requirement.GATHERED, told)


def test_batches_as_expected_pass(pytester: pytest.Pytester) -> None:
    assert judge(pytester, GATHERS, f"{GATHERED},").parseoutcomes()["passed"] == 1


def test_a_class_that_expects_no_batch_is_told_what_is_untested(pytester: pytest.Pytester) -> None:
    result = judge(pytester, GATHERS, "")
    result.stdout.fnmatch_lines(["untested: toy: how many orders one call may cancel: declare `batches` in TestToy"])


def test_where_each_order_is_asked_for_alone_nothing_is_untested(pytester: pytest.Pytester) -> None:
    result = judge(pytester, ASKS_EACH, "")
    assert result.parseoutcomes()["skipped"] == 1
    result.stdout.no_fnmatch_line("untested:*")
