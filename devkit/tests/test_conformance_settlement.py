"""A plugin that declares less time than its service takes is told so."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import Requirement
from tests.support import toy_settlement
from tests.support.liar_judge import judge, require_told

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow


def test_a_plugin_that_promises_too_much_is_told(pytester: pytest.Pytester) -> None:
    result = judge(pytester, toy_settlement.PromisesTooMuch, toy_settlement.LazyShop, "slow_service")
    require_told(result, Requirement.SETTLES_IN_TIME, "it was decided after 0:*, and Polling.usually_within is 0:02:00")
