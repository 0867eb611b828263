"""Plugins that lie of what is beside a cancel: each is told the rule that it broke and the hint."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import Requirement
from tests.support import (
    declaration_liars,
    own_auth,
    setting_liars,
    throttle_liars,
    toy_carts,
    toy_plugin,
    toy_simulators,
)
from tests.support.liar_judge import judge, require_told

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("liar", "test", "told"),
    [
        (toy_carts.TellsWhatItRead, "each_status", "held, undisturbed: it is told set, and the order does not have it"),
        (toy_carts.SetsAgain, "faults_of_a_status", "held, lost_response on call 1: it was set 2 times"),
        (toy_carts.SetsAgain, "each_status", "held: the order has it already, and it was set again"),
    ],
)
def test_a_cart_that_lies_of_a_status_is_told_so(pytester: pytest.Pytester, liar: type, test: str, told: str) -> None:
    require_told(judge(pytester, liar, toy_carts.CartShop, test), Requirement.STATUS, told)


def test_a_cart_that_reads_before_it_sets_passes(pytester: pytest.Pytester) -> None:
    result = judge(
        pytester, toy_carts.Cart, toy_carts.CartShop, "each_status or of_a_status_change_are or is_not_called_done"
    )
    assert result.parseoutcomes().keys() == {"passed", "deselected"}


UNREAD = dict.fromkeys(("folder", "mailbox", "words"), "the toy has no use for it")


def test_a_plugin_that_forgets_a_setting_is_told_so(pytester: pytest.Pytester) -> None:
    toy = setting_liars.ForgetsItsDepot
    result = judge(pytester, toy, toy_simulators.ToyShop, "each_setting", settings_not_tried=UNREAD)
    told = "depot: with another value of it, all that is sent, signed and read is the same"
    require_told(result, Requirement.SETTING_USED, told)


def test_a_plugin_that_sends_its_setting_passes(pytester: pytest.Pytester) -> None:
    toy = setting_liars.SendsItsDepot
    result = judge(pytester, toy, toy_simulators.ToyShop, "each_setting", settings_not_tried=UNREAD)
    assert result.parseoutcomes().keys() == {"passed", "deselected"}


def test_a_setting_that_is_named_as_not_tried_and_changes_something_is_told(pytester: pytest.Pytester) -> None:
    toy, reasons = setting_liars.SendsItsDepot, {**UNREAD, "depot": "it is for people"}
    result = judge(pytester, toy, toy_simulators.ToyShop, "each_setting", settings_not_tried=reasons)
    require_told(result, Requirement.SETTING_USED, "depot is named as not tried, and it changes the cancel")


@pytest.mark.parametrize(
    ("liar", "shop", "test", "law", "told"),
    [
        (
            throttle_liars.TakesBusyForDone,
            throttle_liars.BusyShop,
            "throttled",
            Requirement.THROTTLED,
            "call 1, throttled for 3 s: it is told acknowledged, and the service did nothing",
        ),
        (
            throttle_liars.OverDeclares,
            toy_simulators.ToyShop,
            "do_nothing_more",
            Requirement.IDEMPOTENT,
            "POST /orders is declared idempotent, and the second one did more: orders made: 1, then 2",
        ),
        (
            toy_plugin.Toy,
            throttle_liars.FeeShop,
            "do_nothing_more",
            Requirement.IDEMPOTENT,
            "PUT /orders/1042/cancel is declared idempotent, and the second one did more: fees: 1, then 2",
        ),
    ],
)
def test_a_plugin_that_takes_too_much_for_granted_is_told_so(
    pytester: pytest.Pytester, liar: type, shop: type, test: str, law: Requirement, told: str
) -> None:
    require_told(judge(pytester, liar, shop, test), law, told)


def test_a_plugin_that_hears_that_its_shop_is_busy_passes(pytester: pytest.Pytester) -> None:
    toy, shop = throttle_liars.HearsThatItIsBusy, throttle_liars.BusyShop
    result = judge(pytester, toy, shop, "throttled or busy_service or do_nothing_more")
    assert result.parseoutcomes().keys() == {"passed", "deselected"}


def test_credentials_of_its_own_that_are_never_renewed_are_told(pytester: pytest.Pytester) -> None:
    result = judge(pytester, own_auth.KeepsItsToken, own_auth.StrictShop, "end_at_any")
    told = "ended at call 1: it is pending at first, and acknowledged with credentials that hold"
    require_told(result, Requirement.RENEWED, told)


def test_credentials_of_its_own_that_are_renewed_pass(pytester: pytest.Pytester) -> None:
    result = judge(pytester, own_auth.RenewsItsToken, own_auth.StrictShop, "end_at_any or expired_token")
    assert result.parseoutcomes().keys() == {"passed", "deselected"}


def test_a_limit_of_no_call_is_told(pytester: pytest.Pytester) -> None:
    result = judge(pytester, declaration_liars.LimitsNoCall, toy_simulators.ToyShop, "operations_are_called")
    require_told(result, Requirement.OPERATIONS, "limits names 'cancels', and the calls that are made are: ")


def test_people_in_what_is_kept_are_told(pytester: pytest.Pytester) -> None:
    result = judge(pytester, toy_plugin.Toy, declaration_liars.PeopleShop, "stands_in_what_is_kept")
    require_told(result, Requirement.NO_PERSON, "'12 Prompter Lane' stands in the response to PUT cancel")


def test_who_names_the_fields_with_people_passes(pytester: pytest.Pytester) -> None:
    toy, shop = declaration_liars.HidesPeople, declaration_liars.PeopleShop
    result = judge(pytester, toy, shop, "stands_in_what_is_kept or operations_are_called")
    assert result.parseoutcomes().keys() == {"passed", "deselected"}
