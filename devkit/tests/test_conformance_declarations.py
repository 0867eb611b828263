"""The part of the suite about what a declaration offers: choices, headers, late reasons and batches."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import Requirement
from tests.support import toy_declarations as toys
from tests.support.liar_judge import require_told
from tests.support.toy_plugin import Toy
from tests.support.toy_simulators import ToyShop

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow

OPEN = 'Ending("open", State.CANCELED, proof="GET /orders/1042"{})'
LATE = 'Ending("shipped", State.REJECTED, rejection=Rejection.TOO_LATE, proof="PUT /orders/1042/cancel", wait=hours(1))'


def judge(pytester: pytest.Pytester, toy: type, shop: type, test: str, declared: str = "") -> pytest.RunResult:
    """What the suite says of a toy whose class has these attributes, in Python."""
    pytester.makepyfile(f"""
        import {toy.__module__}, {shop.__module__}
        from orderdesk_devkit.testing.conformance import Ending, PluginConformance
        from orderdesk_sdk.cases.case import State
        from orderdesk_sdk.plugin import Rejection, hours

        class TestToy(PluginConformance):
            integration = "toy"
            plugin = {toy.__module__}.{toy.__name__}()
            simulator = {shop.__module__}.{shop.__name__}
            {declared}
    """)
    return pytester.runpytest_inprocess("-q", "-k", test)


def ending(more: str) -> str:
    return f"endings = ({OPEN.format(more)},)"


@pytest.mark.parametrize(
    ("toy", "shop", "test", "declared", "law", "told"),
    [
        (
            toys.KnowsNoParcels,
            toys.DoorShop,
            "choice_of_a_setting",
            "",
            Requirement.SETTING_CHOICES,
            "with door 'parcels', the cancel ended rejected, not canceled",
        ),
        (
            toys.KeepsAnotherHeader,
            toys.DoorShop,
            "declared_headers",
            "",
            Requirement.KEPT_HEADERS,
            "x-nummer is declared, and no response has it",
        ),
        (
            toys.RefusesByReason,
            ToyShop,
            "ends_the_same",
            f"endings = ({LATE},)",
            Requirement.ENDINGS,
            "asked in 'shipped' (late): it ends rejected, shipped*, not rejected, too late",
        ),
        (
            toys.MixesUpOrders,
            ToyShop,
            "of_a_batch",
            "",
            Requirement.BATCHES,
            "in one batch with another order, asked in *: it ends action required",
        ),
        (
            Toy,
            ToyShop,
            "ends_as_declared",
            ending(', says="by us", calls={"cancel": 2}'),
            Requirement.ENDINGS,
            "asked in 'open': the case says None, and nothing of 'by us'",
        ),
        (
            Toy,
            ToyShop,
            "ends_as_declared",
            ending(', replies={"cancel": (409, {})}'),
            Requirement.ENDINGS,
            "asked in 'open' (cancel answered 409): it ends rejected, too late*, not canceled",
        ),
        (
            Toy,
            ToyShop,
            "operations",
            'operations_not_tried = {"cancel": "nobody knows"}',
            Requirement.OPERATIONS,
            "'cancel' is named as not tried, and is called",
        ),
    ],
)
def test_what_the_service_does_not_do_is_told(
    pytester: pytest.Pytester, toy: type, shop: type, test: str, declared: str, law: Requirement, told: str
) -> None:
    require_told(judge(pytester, toy, shop, test, declared), law, told)


def test_what_it_does_passes(pytester: pytest.Pytester) -> None:
    result = judge(pytester, Toy, ToyShop, "ends_as_declared", ending(', calls={"cancel": 1}'))
    assert "failed" not in result.parseoutcomes()
