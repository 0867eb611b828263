"""Side effects: a plugin that asks only for what was said passes, and others are told the rule and the hint."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import Requirement
from tests.support import toy_effects
from tests.support.liar_judge import judge, require_told

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("liar", "told"),
    [
        (toy_effects.RefundsAlways, "asked for nothing: the service did refund"),
        (toy_effects.RefundsNever, "asked for refund by its setting: the service did nothing"),
    ],
)
def test_a_plugin_that_does_not_listen_is_told(pytester: pytest.Pytester, liar: type, told: str) -> None:
    require_told(judge(pytester, liar, toy_effects.EffectShop, "side_effect"), Requirement.SIDE_EFFECTS, told)


def test_a_plugin_that_listens_to_each_word_passes(pytester: pytest.Pytester) -> None:
    result = judge(pytester, toy_effects.ListensToEachWord, toy_effects.EffectShop, "side_effect")
    assert result.parseoutcomes()["passed"] == 1
