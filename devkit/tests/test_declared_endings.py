"""Endings: who ends a cancel otherwise than declared is told the rule; what is declared and not reached is untested."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import Requirement
from tests.support import liar_shops, toy_liars
from tests.support.toy_plugin import Final, Toy

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow

CANCELED = 'Ending("open", State.CANCELED, proof="GET /orders/1042")'
SHIPPED = 'Ending("shipped", State.REJECTED, rejection=Rejection.TOO_LATE, proof="cancel", wait=hours(1))'


def judge(
    pytester: pytest.Pytester, plugin: type, shop: type, *endings: str, test: str = "a_cancel_ends_as_declared"
) -> pytest.RunResult:
    """What the suite says of a toy whose class declares these endings."""
    pytester.makepyfile(f"""
        from tests.support import liar_shops, toy_liars, toy_plugin
        from orderdesk_devkit.testing.conformance import Ending, ExpectedRequest, PluginConformance
        from orderdesk_sdk.cases.case import State
        from orderdesk_sdk.plugin import Rejection, hours

        class TestToy(PluginConformance):
            integration = "toy"
            plugin = {plugin.__module__.rpartition(".")[2]}.{plugin.__name__}()
            simulator = liar_shops.{shop.__name__}
            endings = ({"".join(f"{one}, " for one in endings if one)})
    """)
    return pytester.runpytest_inprocess("-q", "-k", test)


@pytest.mark.parametrize(
    ("liar", "shop", "ending", "law", "told"),
    [
        (
            toy_liars.CallsTooLateUnknown,
            liar_shops.ToyShop,
            SHIPPED.replace("cancel", "PUT /orders/1042/cancel"),
            Requirement.ENDINGS,
            "asked in 'shipped': it ends action required *, not rejected, too late",
        ),
        (
            toy_liars.AsksTwice,
            liar_shops.ToyShop,
            CANCELED,
            Requirement.ENDINGS,
            "asked in 'open': right after the request it is unknown *, not acknowledged",
        ),
        (
            toy_liars.KnowsNoOpenOrder,
            liar_shops.ToyShop,
            CANCELED,
            Requirement.ENDINGS,
            "asked in 'open': before it ends a poll is unclear (what is open?)",
        ),
        (
            toy_liars.ProvesByTheReadBefore,
            liar_shops.QuickShop,
            'Ending("open", State.CANCELED, proof="cancel")',
            Requirement.PROOF,
            "asked in 'open': the evidence is the response to GET /orders/1042, not to cancel",
        ),
        (
            toy_liars.ClosesTooEarly,
            liar_shops.ToyShop,
            CANCELED,
            Requirement.WINDOW,
            "asked in 'open': the service cancels, and the window is closed once this state was read",
        ),
        (
            toy_liars.LooksAtTheNeighbor,
            liar_shops.NotingShop,
            CANCELED.replace("GET /orders/1042", "read"),
            Requirement.ABOUT_THIS_ORDER,
            "asked in 'open': read was about 2153, another order",
        ),
        (
            Toy,
            liar_shops.ToyShop,
            CANCELED.replace(")", ", requests=(ExpectedRequest('PUT', '/orders/1042/void'),))"),
            Requirement.REQUESTS,
            "asked in 'open': request 1 is PUT /orders/1042/cancel, not PUT /orders/1042/void",
        ),
        (
            Toy,
            liar_shops.ToyShop,
            CANCELED.replace(")", ", requests=())"),
            Requirement.REQUESTS,
            "asked in 'open': 1 requests write, and 0 are expected: PUT /orders/1042/cancel",
        ),
    ],
)
def test_another_end_than_declared_is_told_with_the_rule(
    pytester: pytest.Pytester, liar: type, shop: type, ending: str, law: Requirement, told: str
) -> None:
    result = judge(pytester, liar, shop, ending)
    rule, hint = law.value
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines([f"*rule: {rule}", f"*{told}*", f"*hint: {hint}"])


@pytest.mark.parametrize(
    ("honest", "shop", "endings"),
    [
        (
            Toy,
            liar_shops.ToyShop,
            (CANCELED, SHIPPED.replace('proof="cancel"', 'proof="PUT /orders/1042/cancel"')),
        ),
        (
            Toy,
            liar_shops.ToyShop,
            (CANCELED.replace(")", ", requests=(ExpectedRequest('PUT', '/orders/1042/cancel'),))"),),
        ),
        (toy_liars.LooksBeforeAndAfter, liar_shops.QuickShop, ('Ending("open", State.CANCELED, proof="cancel")',)),
    ],
)
def test_ends_as_declared_pass(pytester: pytest.Pytester, honest: type, shop: type, endings: tuple[str, ...]) -> None:
    result = judge(pytester, honest, shop, *endings)
    assert "failed" not in result.parseoutcomes()


def test_a_state_that_cannot_be_reached_counts_as_untested(pytester: pytest.Pytester) -> None:
    on_hold = 'Ending("on hold", State.ACTION_REQUIRED)'
    result = judge(
        pytester, Toy, liar_shops.ToyShop, CANCELED, on_hold, test="a_cancel_ends_as_declared or a_late_cancel_is_told"
    )
    result.stdout.fnmatch_lines(
        [
            "untested: toy: the state 'on hold' of `endings`: the order is 'open' then; *override put_status*",
            "untested: toy: the end of a cancel in 'shipped', which orders reach by the clock: *an Ending*",
        ]
    )
    assert "failed" not in result.parseoutcomes()


def test_a_late_cancel_is_held_against_the_ending_of_its_state(pytester: pytest.Pytester) -> None:
    result = judge(pytester, Final, liar_shops.QuickShop, SHIPPED, test="a_late_cancel_is_told")
    assert result.parseoutcomes()["failed"] == 1
    told = "2 hours later: asked in 'shipped' it ended rejected, shipped, and the declared Ending is rejected, too late"
    result.stdout.fnmatch_lines([f"*rule: {Requirement.LATE.value[0]}", f"*{told}*"])


def test_a_class_without_endings_is_told_that_they_are_untested(pytester: pytest.Pytester) -> None:
    result = judge(pytester, Toy, liar_shops.ToyShop, "")
    result.stdout.fnmatch_lines(
        ["untested: toy: the end of a cancel by the order's state: declare `endings` in TestToy"]
    )
