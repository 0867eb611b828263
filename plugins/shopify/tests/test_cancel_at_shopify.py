"""Canceling an order at Shopify: the job only works, `cancelledAt` decides, and nothing costs without being said."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

import orderdesk_shopify
from orderdesk_sdk.answer import Refusal
from orderdesk_sdk.case import Case, ProofKind, State
from orderdesk_sdk.clock import VirtualClock, seconds
from orderdesk_sdk.errors import ConfigurationError, InputError
from orderdesk_sdk.order import Role
from orderdesk_sdk.reasons import CanonicalReason, gaps
from orderdesk_sdk.testing.faults import Fault
from orderdesk_sdk.testing.stage import SimulatedStage
from orderdesk_sdk.testing.tap import SeenRequest
from orderdesk_shopify.account import read_version
from orderdesk_shopify.simulator import ShopifySimulator

Opener = Callable[..., SimulatedStage]
WHY = "customer asked"


def asked(stage: SimulatedStage) -> list[str]:
    """The names of the documents that were asked, in order."""
    documents = [request.document for request in stage.tap.requests]
    return [str(one["query"]).split("(")[0].split()[1] for one in documents if isinstance(one, dict)]


def wished(stage: SimulatedStage) -> dict[str, object]:
    """The variables of the one orderCancel."""
    (one,) = [request.document for request in stage.tap.requests if b"orderCancel(" in request.body]
    assert isinstance(one, dict)
    found: dict[str, object] = one["variables"]
    return found


def canceled(stage: SimulatedStage, why: str = WHY) -> Case:
    stage.cancel(why)
    return stage.follow()


def test_an_order_is_canceled_once_it_says_so_itself(shop: ShopifySimulator, open_stage: Opener) -> None:
    stage = open_stage(shop)
    assert stage.cancel(WHY).state is State.ASKED
    case = stage.follow()
    assert (case.state, case.reference) == (State.CANCELED, "gid://shopify/Job/1")
    proof = stage.receipt.proof
    assert proof is not None
    assert (proof.kind, shop.truth("1042")) == (ProofKind.READ_BACK, "canceled")
    assert f'"cancelledAt":"{shop.order("1042").canceled_at:%Y-%m-%dT%H:%M:%SZ}"' in str(proof.exchange)
    assert asked(stage) == ["Order", "Cancel", "Progress", "Progress"]


def test_neither_money_nor_stock_nor_mail_moves_unless_it_is_said(shop: ShopifySimulator, open_stage: Opener) -> None:
    stage = open_stage(shop)
    canceled(stage)
    said = wished(stage)
    assert (said["restock"], said["notify"], "refund" in said) == (False, False, False)
    assert shop.order("1042").asked == {
        "reason": "CUSTOMER", "restock": False, "notifyCustomer": False, "staffNote": said["note"],
    }  # fmt: skip


def test_what_is_said_in_the_settings_happens(shop: ShopifySimulator, open_stage: Opener) -> None:
    stage = open_stage(shop, refund=True, restock=True, notify_customer=True)
    canceled(stage)
    found = shop.order("1042").asked
    assert (found["restock"], found["notifyCustomer"]) == (True, True)
    assert found["refundMethod"] == {"originalPaymentMethodsRefund": True}


def test_an_order_that_is_canceled_already_is_not_canceled_again(shop: ShopifySimulator, open_stage: Opener) -> None:
    shop.cancel_in_admin("1042")
    stage = open_stage(shop)
    assert canceled(stage).state is State.CANCELED
    assert asked(stage) == ["Order", "Order"]


@pytest.mark.parametrize("version", ["2025-10", "2026-01", "2026-04", "2026-07"])
def test_a_job_that_is_done_is_no_cancellation(version: str, shop: ShopifySimulator, open_stage: Opener) -> None:
    shop.set_switch("obstacle", "an open return")
    stage = open_stage(shop, api_version=version)
    case = canceled(stage)
    assert (case.state, case.refusal, shop.truth("1042")) == (State.REFUSED, Refusal.NOT_ALLOWED, "open")
    assert case.text == "Shopify's job is done and the order is not canceled"
    assert "returns" in str(case.remedy)
    assert not stage.desk.receipt("1042").is_canceled


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ("resolved", "is not canceled: INVALID: SIM: an open return keeps the order from being canceled"),
        ("not resolved", "the order is not canceled"),
    ],
)
def test_from_2026_10_on_the_job_says_why_it_failed_where_it_can_be_asked(
    known: str, text: str, shop: ShopifySimulator, open_stage: Opener
) -> None:
    shop.set_switch("obstacle", "an open return")
    shop.set_switch("job_result", known)
    stage = open_stage(shop, api_version="2026-10")
    case = canceled(stage)
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert str(case.text).endswith(text)
    assert case.reference == "gid://shopify/Job/1 gid://shopify/OrderCancelJobResult/1"


def test_a_job_that_ends_between_two_fields_of_one_query_is_no_refusal(
    shop: ShopifySimulator, open_stage: Opener
) -> None:
    stage = open_stage(shop)
    stage.cancel(WHY)

    def read_too_early(request: SeenRequest, body: bytes) -> bytes:
        if b"Progress(" not in request.body:
            return body
        found = json.loads(body)
        found["data"]["order"]["cancelledAt"] = None
        return json.dumps(found).encode()

    stage.tap.edit = read_too_early
    assert stage.follow().state is State.CANCELED
    assert asked(stage) == ["Order", "Cancel", "Progress", "Progress", "Order"]


def test_an_open_return_that_is_told_at_once_is_refused_after_one_more_look(
    shop: ShopifySimulator, open_stage: Opener
) -> None:
    shop.set_switch("obstacle", "an open return")
    shop.set_switch("obstacle_shows", "at once")
    stage = open_stage(shop)
    case = stage.cancel(WHY)
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert asked(stage) == ["Order", "Cancel", "Order"]


def test_an_error_without_a_code_of_its_own_is_canceled_where_somebody_else_was_faster(
    shop: ShopifySimulator, open_stage: Opener
) -> None:
    stage = open_stage(shop)
    invalid = {"message": "words that nobody knows", "code": "INVALID", "field": None}

    def faster(request: object) -> tuple[int, str] | None:
        if b"orderCancel(" not in getattr(request, "body", b""):
            return None
        shop.cancel_in_admin("1042")
        return 200, json.dumps({"data": {"done": {"job": None, "userErrors": [invalid]}}})

    stage.tap.instead = faster
    assert canceled(stage).state is State.CANCELED


def test_a_refund_without_permission_is_refused_and_leaves_the_order_alone(
    shop: ShopifySimulator, open_stage: Opener
) -> None:
    shop.set_switch("refund", "denied")
    stage = open_stage(shop, refund=True)
    case = stage.cancel(WHY)
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert "refund = false" in str(case.remedy)
    assert asked(stage) == ["Order", "Cancel", "Order"]
    assert shop.truth("1042") == "open"


def test_an_internal_user_error_proves_nothing(shop: ShopifySimulator, open_stage: Opener) -> None:
    shop.set_switch("cancel_error", "internal")
    stage = open_stage(shop)
    assert stage.cancel(WHY).state is State.UNCLEAR
    assert stage.follow().state is State.AWAITING_PERSON
    assert asked(stage).count("Cancel") == 1


def test_an_order_that_shopify_does_not_show_is_refused_with_the_grant_that_may_be_missing(
    open_stage: Opener,
) -> None:
    stage = open_stage(ShopifySimulator(VirtualClock()))
    case = stage.cancel(WHY)
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert "read_all_orders" in str(case.remedy)


# Lost, throttled, denied


def test_what_an_internal_server_error_hides_is_read_back_and_not_sent_again(
    shop: ShopifySimulator, open_stage: Opener
) -> None:
    shop.set_switch("mutation_reply", "lost")
    stage = open_stage(shop)
    assert stage.cancel(WHY).state is State.UNCLEAR
    assert stage.follow().state is State.CANCELED
    assert asked(stage).count("Cancel") == 1


def test_a_lost_reply_is_read_back_and_not_sent_again(shop: ShopifySimulator, open_stage: Opener) -> None:
    stage = open_stage(shop)
    stage.tap.edit = lambda request, body: b"<html>" if b"orderCancel(" in request.body else body
    assert stage.cancel(WHY).state is State.UNCLEAR
    assert stage.follow().state is State.CANCELED
    assert asked(stage).count("Cancel") == 1


def test_a_query_whose_reply_was_lost_is_asked_again(shop: ShopifySimulator, open_stage: Opener) -> None:
    shop.faults.add(Fault.LOST_REPLY, method="POST")
    stage = open_stage(shop)
    assert stage.cancel(WHY).state is State.ASKED


@pytest.mark.parametrize("status", ["200", "429"])
def test_a_throttled_call_waits_until_its_cost_is_there(
    status: str, shop: ShopifySimulator, open_stage: Opener
) -> None:
    shop.set_switch("throttled_as", status)
    stage = open_stage(shop)
    shop.bucket.drain(left=3.0)  # The query takes one of them; orderCancel costs 10, and 100 come each second.
    began = shop.clock.monotonic()
    assert stage.cancel(WHY).state is State.ASKED
    assert shop.clock.monotonic() - began == pytest.approx(0.08, abs=0.02)
    assert [record.effect for record in shop.log if record.operation == "Cancel"] == ["throttled", "changed"]


def test_a_wait_that_is_too_long_for_a_call_is_the_cases(shop: ShopifySimulator, open_stage: Opener) -> None:
    stage = open_stage(shop)
    shop.bucket.drain(left=-5000.0)
    case = stage.cancel(WHY)
    assert (case.state, case.due_at) == (State.REQUESTED, shop.clock.now() + seconds(50.01))
    assert stage.follow().state is State.CANCELED


def test_a_missing_scope_did_nothing_and_is_told(shop: ShopifySimulator, open_stage: Opener) -> None:
    shop.set_switch("scopes", "missing")
    stage = open_stage(shop)
    case = stage.cancel(WHY)
    assert (case.state, case.asked_at) == (State.REQUESTED, None)
    assert "scopes" in str(case.remedy)
    shop.set_switch("scopes", "granted")
    assert stage.follow().state is State.CANCELED


def test_a_wrong_token_did_nothing_and_is_told(shop: ShopifySimulator, open_stage: Opener) -> None:
    case = open_stage(shop, access_token="another's").cancel(WHY)
    assert (case.state, case.asked_at) == (State.REQUESTED, None)
    assert "access token" in str(case.remedy)


def test_a_version_that_is_no_longer_served_is_told_in_the_receipt(shop: ShopifySimulator, open_stage: Opener) -> None:
    shop.set_switch("version", "oldest")
    stage = open_stage(shop)
    assert canceled(stage).state is State.CANCELED
    warning = "answered 200; warning: x-shopify-api-version is 2025-10, not 2026-07 as this connection is set"
    assert warning in [step.text for step in stage.receipt.steps]


def test_the_version_that_was_asked_for_warns_of_nothing(shop: ShopifySimulator, open_stage: Opener) -> None:
    stage = open_stage(shop)
    canceled(stage)
    assert [step.text for step in stage.receipt.steps if "warning" in str(step.text)] == []


# The declaration


def test_the_crosswalk_of_reasons_is_sound() -> None:
    assert gaps(orderdesk_shopify.REASONS) == ()


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
    given: str | None, code: str | None, shop: ShopifySimulator, open_stage: Opener
) -> None:
    stage = open_stage(shop)
    if code is None:
        with pytest.raises(InputError, match="INVENTORY"):
            stage.cancel(given)
        assert stage.tap.requests == []
    else:
        stage.cancel(given)
        assert wished(stage)["reason"] == code


def test_every_canonical_reason_is_taken(open_stage: Opener) -> None:
    for reason in CanonicalReason:
        shop = ShopifySimulator(VirtualClock())
        shop.add_order("1042")
        assert open_stage(shop).cancel(reason.value).state is State.ASKED


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


def test_a_shop_is_a_cart_that_rules_may_change() -> None:
    declared = orderdesk_shopify.orderdesk_integration()
    assert declared.role is Role.CART
    assert [(action.name, action.status) for action in declared.actions] == [
        ("Change Order Status at Shopify to Canceled", None),
        ("Change Order Status at Shopify to Archived", "archived"),
        ("Change Order Status at Shopify to Open", "open"),
    ]


@pytest.mark.parametrize("version", ["2026-7", "unstable", "2026-05", "", 2026, "2026-07/../x"])
def test_a_version_is_a_quarter(version: object) -> None:
    with pytest.raises(ConfigurationError, match="2026-07"):
        read_version(version, "api_version")


def test_the_note_for_the_staff_says_why_in_the_words_that_were_given(
    shop: ShopifySimulator, open_stage: Opener
) -> None:
    stage = open_stage(shop)
    stage.cancel("Payment declined")
    assert (wished(stage)["reason"], wished(stage)["note"]) == ("DECLINED", "Payment declined")
