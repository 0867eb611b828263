"""A token whose end a service tells by a 200: a plugin that declares it passes, and one that does not is told so."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import Requirement
from tests.support import toy_tokens
from tests.support.liar_judge import judge, require_told

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow


def test_a_plugin_that_says_which_response_ends_its_token_passes(pytester: pytest.Pytester) -> None:
    """It is renewed once and the cancel is sent once more; no token stands in anything that is kept."""
    result = judge(
        pytester, toy_tokens.HearsTheEnd, toy_tokens.TokenShop, "expired_token or tokens_that_end or under_faults"
    )
    assert result.parseoutcomes().keys() == {"passed", "deselected"}


def test_a_plugin_that_misses_the_end_of_its_token_is_told(pytester: pytest.Pytester) -> None:
    result = judge(pytester, toy_tokens.MissesTheEnd, toy_tokens.TokenShop, "expired_token")
    require_told(
        result, Requirement.NOTHING_TWICE, "it is unknown at first, and acknowledged with a token that is good"
    )
