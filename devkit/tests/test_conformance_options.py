"""What a plugin may declare beside the plain: the suite tries each option, and tells who declares it falsely."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import Requirement

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow


def judge(pytester: pytest.Pytester, toy: str, shop: str, test: str) -> pytest.RunResult:
    """What the tests of the suite that are named so say of a toy.

    Args:
        toy, shop: the plugin's class and its simulator's, as "module.Class" of tests.support.
    """
    modules = ", ".join(sorted({toy.partition(".")[0], shop.partition(".")[0]}))
    pytester.makepyfile(f"""
        from tests.support import {modules}
        from orderdesk_devkit.testing.conformance import PluginConformance

        class TestToy(PluginConformance):
            integration = "toy"
            plugin = {toy}()
            simulator = {shop}
    """)
    return pytester.runpytest_inprocess("-q", "-rs", "-k", test)


@pytest.mark.parametrize(
    ("toy", "shop", "test"),
    [
        ("two_button_toy.TwoButtons", "two_button_toy.TwoButtonShop", "named_buttons"),
        ("label_toy.VoidsLabels", "label_toy.LabelShop", "steps_are_told"),
        ("hold_toy.HoldsFirst", "hold_toy.HoldShop", "undone_when_withdrawn"),
        ("hold_toy.HoldsForAFee", "hold_toy.HoldShop", "steps_are_told"),
        ("submission_toy.SendsTheSubmission", "toy_simulators.ToyShop", "as_it_was_submitted"),
    ],
)
def test_who_does_what_is_declared_passes(pytester: pytest.Pytester, toy: str, shop: str, test: str) -> None:
    assert judge(pytester, toy, shop, test).parseoutcomes()["passed"] == 1


@pytest.mark.parametrize(
    ("toy", "shop", "test", "law", "told"),
    [
        (
            "two_button_toy.IgnoresTheRoute",
            "two_button_toy.TwoButtonShop",
            "named_buttons",
            Requirement.NAMED_ROUTES,
            "'plain' and 'by force' send the same: PUT /orders/1042/cancel",
        ),
        (
            "label_toy.CallsEveryLabelVoid",
            "label_toy.LabelShop",
            "steps_are_told",
            Requirement.PRIOR_STEPS,
            "labels=one in transit: 'void the labels' for label L2 is called done, and was done 0 times",
        ),
        (
            "label_toy.TellsNothingOfLabels",
            "label_toy.LabelShop",
            "steps_are_told",
            Requirement.PRIOR_STEPS,
            "no option: 'void the labels' for label L1 is called unknown, and was done 1 times",
        ),
        (
            "submission_toy.SendsTheOrderOfNow",
            "toy_simulators.ToyShop",
            "as_it_was_submitted",
            Requirement.SUBMISSION,
            "nothing of the order as submitted was sent",
        ),
        (
            "hold_toy.CallsItReleased",
            "hold_toy.HoldShop",
            "undone_when_withdrawn",
            Requirement.UNDONE,
            "'hold the order': the status 'released' is called set, and the service has the step undone 0 times",
        ),
    ],
)
# Many parameters: a row of the table.
def test_who_does_not_is_told_the_rule_and_the_hint(
    pytester: pytest.Pytester, toy: str, shop: str, test: str, law: Requirement, told: str
) -> None:
    result = judge(pytester, toy, shop, test)
    rule, hint = law.value
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines([f"*rule: {rule}", f"*{told}*", f"*hint: {hint}"])
