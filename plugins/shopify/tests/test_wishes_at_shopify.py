"""What is asked of Shopify: the reason, the note, and nothing that costs without being said."""

from __future__ import annotations

import pytest

import orderdesk_shopify
from orderdesk_devkit.testing.harness import SimulatedStage
from orderdesk_devkit.testing.pytest_plugin import StageOpener
from orderdesk_sdk.errors import ConfigurationError, InputError
from orderdesk_shopify.settings import read_version
from orderdesk_shopify.simulator import ShopifySimulator

integration = "shopify"
WHY = "customer asked"


def wished(stage: SimulatedStage) -> dict[str, object]:
    """The variables of the one orderCancel."""
    (one,) = [
        document["variables"] for document in stage.documents("graphql.json") if "orderCancel(" in document["query"]
    ]
    found: dict[str, object] = one
    return found


def test_neither_money_nor_stock_nor_mail_moves_unless_it_is_said(
    simulator: ShopifySimulator, stage: SimulatedStage
) -> None:
    stage.cancel(WHY)
    stage.follow()
    said = wished(stage)
    assert (said["restock"], said["notify"], "refund" in said) == (False, False, False)
    assert simulator.order("1042").asked == {
        "reason": "CUSTOMER",
        "restock": False,
        "notifyCustomer": False,
        "staffNote": said["note"],
    }


def test_what_is_said_in_the_settings_happens(simulator: ShopifySimulator, open_stage: StageOpener) -> None:
    stage = open_stage({"refund": True, "restock": True, "notify_customer": True})
    stage.cancel(WHY)
    stage.follow()
    found = simulator.order("1042").asked
    assert (found["restock"], found["notifyCustomer"]) == (True, True)
    assert found["refundMethod"] == {"originalPaymentMethodsRefund": True}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("customer asked", "CUSTOMER"),
        ("late", None),
        ("pricing", "OTHER"),
        ("Payment declined", "DECLINED"),
        (None, None),
    ],
)
def test_a_reason_is_one_of_shopifys_or_is_refused_before_anything_is_asked(
    given: str | None, code: str | None, simulator: ShopifySimulator, stage: SimulatedStage
) -> None:
    if code is None:
        with pytest.raises(InputError, match="INVENTORY"):
            stage.cancel(given)
        assert stage.tap.requests == []
    else:
        stage.cancel(given)
        assert wished(stage)["reason"] == code


@pytest.mark.parametrize(
    ("number", "good"),
    [
        ("148977776", True),
        ("gid://shopify/Order/148977776", True),
        ("#1001", False),
        ("gid://shopify/Product/1", False),
    ],
)
def test_an_order_is_named_by_its_id_and_not_by_its_name(number: str, good: bool) -> None:
    rule = orderdesk_shopify.orderdesk_integration().remote_id
    assert rule is not None
    assert (rule.fault(number) is None) == good


@pytest.mark.parametrize("version", ["2026-7", "unstable", "2026-05", "", 2026, "2026-07/../x"])
def test_a_version_is_a_quarter(version: object) -> None:
    with pytest.raises(ConfigurationError, match="2026-10"):
        read_version(version, "api_version")


def test_the_note_for_the_staff_says_why_in_the_words_that_were_given(
    simulator: ShopifySimulator, stage: SimulatedStage
) -> None:
    stage.cancel("Payment declined")
    assert (wished(stage)["reason"], wished(stage)["note"]) == ("DECLINED", "Payment declined")
