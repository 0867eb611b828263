"""Resolving a reason: what was said, canonical, as a code, a title or in free words, is what one service takes."""

from __future__ import annotations

import pytest
from attrs import frozen

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin.reasons import (
    FreeText,
    NoReason,
    Reason,
    ReasonCode,
    ReasonList,
    ReasonRule,
    StandardReason,
    allowed_reasons,
    reasons_by_order_field,
    resolve_reason,
)

ASKED, STOCK, FRAUD = StandardReason.CUSTOMER_ASKED, StandardReason.OUT_OF_STOCK, StandardReason.FRAUD
ORDER = Order("1", "1042", checkout_data={"retailer": "demo"})
CXSS = ReasonCode("CXSS", "Out of Stock", [STOCK])
CXBT = ReasonCode("CXBT", "Buyer's Turn", [ASKED, FRAUD])
LISTED = ReasonList((CXSS, CXBT))
OPTIONAL = ReasonList((CXSS, CXBT), required=False)
PLACE = "order 1042 at Hub"


def resolved(rule: ReasonRule, given: str | None, settings: object = None, order: Order = ORDER) -> Reason:
    return resolve_reason(rule, given, settings, order, PLACE)


@pytest.mark.parametrize(
    ("rule", "given", "reason"),
    [
        (NoReason(), None, Reason()),
        (NoReason(), "  ", Reason()),
        (NoReason(), "fraud", Reason(FRAUD, None, "fraud")),
        (NoReason(), "it rains", Reason(None, None, "it rains")),
        (FreeText(), None, Reason()),
        (FreeText(), " it rains ", Reason(None, None, "it rains")),
        (FreeText(required=True), "Out Of Stock", Reason(STOCK, None, "Out Of Stock")),
        (FreeText(max_length=3), "abc", Reason(None, None, "abc")),
        (LISTED, "out of stock", Reason(STOCK, "CXSS", "out of stock")),
        (LISTED, "customer asked", Reason(ASKED, "CXBT", "customer asked")),
        (LISTED, "FRAUD", Reason(FRAUD, "CXBT", "FRAUD")),
        (LISTED, "cxss", Reason(STOCK, "CXSS", "cxss")),
        (LISTED, "buyer's turn", Reason(None, "CXBT", "buyer's turn")),
        (LISTED, "CXBT", Reason(None, "CXBT", "CXBT")),
        (OPTIONAL, None, Reason()),
        (OPTIONAL, "", Reason()),
        (OPTIONAL, "CXSS", Reason(STOCK, "CXSS", "CXSS")),
    ],
)
def test_a_reason_goes_to_the_service_as_it_takes_it(rule: ReasonRule, given: str | None, reason: Reason) -> None:
    assert resolved(rule, given) == reason


@pytest.mark.parametrize(
    ("rule", "given", "text"),
    [
        (FreeText(required=True), None, "the service wants a reason"),
        (FreeText(required=True), " ", "the service wants a reason"),
        (FreeText(max_length=3), "abcd", "the reason has 4 characters; 3 are allowed"),
        (LISTED, None, "the service wants a reason"),
        (LISTED, "it rains", "the reason 'it rains' is not allowed for this order"),
        (LISTED, "pricing", "the reason 'pricing' is not allowed for this order"),
        (OPTIONAL, "it rains", "the reason 'it rains' is not allowed for this order"),
    ],
)
def test_a_missing_or_wrong_reason_is_refused_with_its_place(rule: ReasonRule, given: str | None, text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        resolved(rule, given)
    assert (caught.value.message, caught.value.location) == (text, PLACE)
    assert caught.value.hint


def test_the_remedy_lists_what_is_allowed() -> None:
    with pytest.raises(ValidationError) as caught:
        resolved(LISTED, "it rains")
    assert caught.value.hint == "one of: CXSS (Out of Stock); CXBT (Buyer's Turn)"


def test_a_code_is_not_taken_for_the_title_of_an_earlier_one() -> None:
    tricky = ReasonList((ReasonCode("A", "B", [STOCK]), ReasonCode("B", "C", [FRAUD])))
    assert resolved(tricky, "B") == Reason(FRAUD, "B", "B")


@frozen
class HubSettings:
    lists: dict[str, tuple[ReasonCode, ...]]
    path: str = "checkout_data.retailer"


BY_RETAILER = ReasonList((CXBT,), codes_for=reasons_by_order_field("lists", "path"))


@pytest.mark.parametrize(
    ("lists", "order", "codes"),
    [
        ({"demo": (CXSS,)}, ORDER, (CXSS,)),
        ({"demo": (CXSS,), "default": (CXBT,)}, Order("2", "2"), (CXBT,)),
        ({"other": (CXSS,), "default": (CXSS, CXBT)}, ORDER, (CXSS, CXBT)),
        ({"other": (CXSS,)}, ORDER, (CXBT,)),
        ({}, ORDER, (CXBT,)),
    ],
)
def test_each_retailer_has_its_list(
    lists: dict[str, tuple[ReasonCode, ...]], order: Order, codes: tuple[ReasonCode, ...]
) -> None:
    settings = HubSettings(lists)
    assert allowed_reasons(BY_RETAILER, settings, order) == codes
    assert resolved(BY_RETAILER, codes[0].code, settings, order).code == codes[0].code


def test_a_reason_of_another_retailer_is_refused() -> None:
    with pytest.raises(ValidationError, match="is not allowed for this order"):
        resolved(BY_RETAILER, "CXBT", HubSettings({"demo": (CXSS,)}))


def test_where_there_is_no_list_nothing_is_listed() -> None:
    assert allowed_reasons(FreeText(), None, ORDER) == ()
    assert allowed_reasons(NoReason(), None, ORDER) == ()
