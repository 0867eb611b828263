"""The shop to look at: every integration, every state that a person meets, the same each time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orderdesk_devkit.cli.demo_requirements import require_demo_shop
from orderdesk_devkit.cli.demo_shop.catalog import BULK, DEMO_ORDERS, bulk_orders
from orderdesk_devkit.cli.demo_shop.shop import DEMO_NOW, DemoShop, open_demo_shop
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.clock import minutes, seconds
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.registry import PluginRegistry

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoShop]:
    with open_demo_shop(tmp_path_factory.mktemp("shop")) as opened:
        yield opened


def states(shop: DemoShop) -> dict[tuple[str, str], State]:
    return {(case.order_number, case.connection): case.state for case in shop.desk.cases.list(limit=500)}


def test_orders_are_at_every_integration_of_this_checkout(shop: DemoShop) -> None:
    at = {connection for order in (*DEMO_ORDERS, *bulk_orders()) for connection, _ in order.places}
    assert at == {slug for slug in PluginRegistry().slugs() if not slug.startswith("reference")}


def test_every_state_that_a_person_meets_is_there(shop: DemoShop) -> None:
    found = states(shop)
    assert found["1042", "amazon-mcf"] is State.CANCELED
    assert found["1043", "mww"] is State.ACTION_REQUIRED
    assert found["1044", "commercehub"] is State.CANCELED
    assert found["1046", "amazon-mcf"] is State.REJECTED
    assert found["1049", "hp-site-flow"] is State.SHIPPED_ANYWAY
    assert found["1051", "bay-photo"] is State.UNKNOWN
    assert found["1052", "amazon-marketplace"] is State.PENDING
    assert found["1054", "mww-europe"] is State.ACKNOWLEDGED
    assert found["1060", "amazon-mcf"] is State.WITHDRAWN


def test_others_ask_us_and_an_order_went_out_again(shop: DemoShop) -> None:
    others = shop.desk.cases.list_others()
    asked = {case.order_number: case.state for case in others if isinstance(case, ResponseCase)}
    assert asked == {"1055": State.ACTION_REQUIRED, "1061": State.ACTION_REQUIRED}
    assert [case.state for case in others if isinstance(case, ResubmitCase)] == [State.DONE]


def test_rules_did_what_they_say(shop: DemoShop) -> None:
    fired = [shop.desk.ledger.rule_executions(f"7{number}") for number in ("1042", "1045")]
    assert [(execution.rule, execution.error) for each in fired for _, execution in each] == [
        ("What is canceled is closed", None),
        ("Canceled folder cancels at BDLinx", None),
        ("What is canceled is closed", None),
    ]


def test_a_window_of_two_minutes_is_open_and_one_is_closed(shop: DemoShop) -> None:
    (open_one,), (closed,) = (shop.desk.cancellations.plan(number).entries for number in ("1056", "1057"))
    assert shop.clock.now() == DEMO_NOW
    assert open_one.chosen_step == 0, "the button"
    assert open_one.steps[0].window.closes_at == DEMO_NOW + minutes(2) - seconds(25)
    assert closed.chosen_step == 1, "the e-mail"


def test_an_order_waits_for_somebody_who_submits_it_and_many_to_be_canceled(shop: DemoShop) -> None:
    everything = shop.desk.orders.search(limit=500).orders
    assert len(everything) == BULK + len(DEMO_ORDERS) + 1, "1042 went out again as 1042-1"
    assert not shop.desk.order_store.remote_orders(shop.desk.orders.get("1062").id)
    assert shop.desk.run_due().handled == 0, "nothing is due at the end of the story"


def test_all_that_is_not_installed_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orderdesk_devkit.simulators.simulator.simulators", dict)
    with pytest.raises(ConfigurationError, match=r"simulator of amazon-mcf, .*simulator of lulu, ") as failed:
        require_demo_shop()
    assert failed.value.hint == "run `pip install 'orderdesk-devkit[demo]'`"
