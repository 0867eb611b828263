"""What the plugin declares: reasons without gaps, limits as published, and what is never promised."""

from __future__ import annotations

import pytest

from orderdesk_amazon_marketplace import orderdesk_integration
from orderdesk_amazon_marketplace.api import CODES, REASONS
from orderdesk_amazon_marketplace.settings import MarketplaceSettings
from orderdesk_amazon_marketplace.simulator import MarketplaceSimulator
from orderdesk_amazon_marketplace.simulator.feeds import REASONS as PUBLISHED
from orderdesk_amazon_marketplace.simulator.service import PLAN
from orderdesk_devkit.testing.harness import SimulatedHarness
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, Order
from orderdesk_sdk.plugin.integration import NoResubmission
from orderdesk_sdk.plugin.reasons import StandardReason, resolve_reason
from orderdesk_sdk.plugin.routes import Button
from orderdesk_sdk.secret import Secret

integration = "amazon-marketplace"
order = "902-1106328-1059050"


def made(**settings: object) -> MarketplaceSettings:
    secrets = {name: Secret(name) for name in ("client_id", "client_secret", "refresh_token")}
    return MarketplaceSettings(seller_id="A1", marketplace_ids=("M1",), **secrets, **settings)  # type: ignore[arg-type]  # each test names its own


def test_every_code_that_stands_for_a_reason_is_published() -> None:
    told = {code.code for code in CODES if code.stands_for}
    assert told <= PUBLISHED
    assert {code.code for code in CODES} - PUBLISHED == {"PricingError"}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("out of stock", "NoInventory"),
        ("customer asked", "BuyerCanceled"),
        ("PricingError", "PricingError"),
        ("pricing", "GeneralAdjustment"),
        ("RejectOrder", "RejectOrder"),
    ],
)
def test_a_reason_is_told_by_its_code(given: str, code: str) -> None:
    reason = resolve_reason(REASONS, given, made(extra_reasons=("RejectOrder",)), Order("1", "1"), "test")
    assert reason.code == code


def test_no_reason_and_an_unknown_one_are_refused_with_the_list() -> None:
    for given in (None, "RejectOrder"):
        with pytest.raises(ValidationError) as error:
            resolve_reason(REASONS, given, made(), Order("1", "1"), "test")
        assert "NoInventory (Out of stock)" in (error.value.hint or "")


def test_of_every_canonical_reason_amazon_takes_the_code() -> None:
    codes = {resolve_reason(REASONS, one.value, made(), Order("1", "1"), "test").code for one in StandardReason}
    assert codes <= PUBLISHED


def test_the_button_warns_and_nothing_is_resubmitted() -> None:
    declared = orderdesk_integration()
    (button,) = declared.cancel
    assert isinstance(button, Button)
    assert "NoInventory counts against you" in (button.warning or "")
    assert isinstance(declared.resubmission, NoResubmission)
    assert "order again" in declared.resubmission.reason
    assert declared.role is ConnectionRole.CART


def test_the_limits_are_those_of_the_models() -> None:
    names = {
        "documents": "createFeedDocument",
        "document": "getFeedDocument",
        "feeds": "createFeed",
        "feed": "getFeed",
        "order": "getOrder",
        "cancellation": "cancelOrder",
    }
    assert {names[name]: limit for name, limit in orderdesk_integration().limits.items()} == PLAN


def test_an_order_number_of_another_shape_is_refused_where_it_is_registered(
    simulator: MarketplaceSimulator, harness: SimulatedHarness
) -> None:
    with pytest.raises(ValidationError, match="902-1106328-1059050"):
        harness.desk.orders.register(harness.order, connection=harness.connection, by="Ann", remote_id="1042")
