"""A plugin that registers its webhook twice, or removes those of others, is told so."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import Requirement
from tests.support import toy_webhooks
from tests.support.liar_judge import judge, require_told

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("liar", "told"),
    [
        (
            toy_webhooks.RegistersBlindly,
            "step 4, *; there is ours twice and another's once, and expected is ours once and another's once",
        ),
        (
            toy_webhooks.ForgetsAnEvent,
            "step 1, *: it tells 'incomplete', not 'registered'; there is another's once, and * is another's twice",
        ),
        (
            toy_webhooks.RemovesAll,
            "step 5, ours is to be removed: it tells 'missing', not 'foreign address'; there is none, and *",
        ),
    ],
)
def test_a_plugin_that_does_not_look_is_told(pytester: pytest.Pytester, liar: type, told: str) -> None:
    result = judge(pytester, liar, toy_webhooks.WebhookShop, "webhook_is_registered_once")
    require_told(result, Requirement.REGISTERS_WEBHOOKS, told)


def test_a_plugin_that_registers_one_for_each_event_passes(pytester: pytest.Pytester) -> None:
    result = judge(pytester, toy_webhooks.RegistersEachEvent, toy_webhooks.WebhookShop, "webhook_is_registered_once")
    assert result.parseoutcomes()["passed"] == 1
