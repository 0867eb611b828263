"""Plugins that misread webhooks are told which rule they broke."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import Requirement
from tests.support import toy_liars

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow


def judge(pytester: pytest.Pytester, plugin: type, kinds: str = "") -> pytest.RunResult:
    """What the suite says of how a toy reads the messages of its shop, which says what they mean."""
    pytester.makepyfile(f"""
        from tests.support import liar_shops, toy_liars
        from orderdesk_devkit.testing.conformance import PluginConformance
        from orderdesk_sdk.plugin import NotificationKind

        class TestToy(PluginConformance):
            integration = "toy"
            plugin = toy_liars.{plugin.__name__}()
            simulator = liar_shops.SigningShop
            webhook_kinds = {{{kinds}}}
    """)
    return pytester.runpytest_inprocess("-q", "-k", "webhooks_are_read_as_what or webhooks_about_no_order")


CHANGED = '"open": NotificationKind.CHANGED'


@pytest.mark.parametrize(
    ("liar", "law", "told"),
    [
        (toy_liars.HearsCanceled, Requirement.WEBHOOK_KINDS, "in 'open': a message is read as canceled"),
        (
            toy_liars.NamesEachDelivery,
            Requirement.WEBHOOK_KINDS,
            "the same message is read as another one when it is delivered again",
        ),
        (
            toy_liars.HearsOneOrder,
            Requirement.WEBHOOK_KINDS,
            "messages about 2153 are read to be about 1042",
        ),
        (
            toy_liars.HearsAdvertisements,
            Requirement.VERIFIES_WEBHOOKS,
            "a message about another thing: it is read as changed of 1042",
        ),
    ],
)
def test_who_misreads_webhooks_is_told_the_rule_and_the_hint(
    pytester: pytest.Pytester, liar: type, law: Requirement, told: str
) -> None:
    result = judge(pytester, liar, CHANGED)
    rule, hint = law.value
    assert result.parseoutcomes()["failed"] >= 1
    result.stdout.fnmatch_lines([f"*rule: {rule}", f"*{told}*", f"*hint: {hint}"])


def test_who_reads_them_honestly_passes(pytester: pytest.Pytester) -> None:
    result = judge(pytester, toy_liars.Signed, CHANGED)
    assert result.parseoutcomes() == {"passed": 2, "deselected": result.parseoutcomes()["deselected"]}


def test_a_kind_that_is_none_is_told(pytester: pytest.Pytester) -> None:
    result = judge(pytester, toy_liars.Signed, '"open": "changed"')
    result.stdout.fnmatch_lines(["*webhook_kinds: 'open' stands for 'changed', which is no NotificationKind*"])


def test_kinds_that_are_not_declared_are_told_to_be_untested(pytester: pytest.Pytester) -> None:
    result = judge(pytester, toy_liars.Signed)
    result.stdout.fnmatch_lines(
        ["untested: toy: what webhooks say of an order by its state: declare `webhook_kinds = {*}` in TestToy"]
    )
