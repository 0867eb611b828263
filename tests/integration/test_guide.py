"""Order Desk's guide "How to Cancel an Order", sentence by sentence: what this SDK makes of it, and the proof.

The guide: https://help.orderdesk.com/article/287-cancel-an-order. Quoted are the sentences that promise something or
are about an integration, shortened where they are long.
"""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from orderdesk_devkit.simulators.simulator import Effect, simulators
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.clock import minutes, seconds
from orderdesk_sdk.errors import InvalidStateError, ValidationError
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.integration import NewNumber
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from tests.support.guide_services import GUIDE_SERVICES

if TYPE_CHECKING:
    from tests.conftest import ServiceTrial, ServiceTrialMaker

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = "tests/integration/test_guide.py"
DESK, LAST = "tests/integration/test_desk.py", "tests/integration/test_desk_connections.py"
AGAIN = "tests/integration/test_resubmission.py"
MATRIX = "tests/integration/test_matrix.py"
PAGE = "tests/docs/how_to/test_cancel_everywhere.py"

SAID = {
    "G1": "it's common ... to want to know how to cancel an order directly in Order Desk so that it will also "
    "update as canceled in the shopping cart and at the fulfillment service",
    "G2": "Because every integration has different settings, requirements and API data, it isn't actually "
    'possible to "just" cancel an order in Order Desk.',
    "G3": "Strictly speaking, there is no automatic way to cancel an order in Order Desk.",
    "G4": "Just moving the order to the canceled folder will not trigger any actions on the order unless a rule "
    "has been set up",
    "G5": "A canceled folder is merely a label for a certain folder and not an event or action",
    "G6": "this movement does not, by default, indicate that a cancel notification has been sent back to the "
    "shopping cart or to the fulfillment service",
    "G7": "Most fulfillment or shipping services will require canceling from their own app or by contacting "
    "them directly by phone or email.",
    "G8": "Some shopping carts will accept a cancelation notification from Order Desk if a rule is set up for "
    "it, such as If Order Moved to Canceled Folder, Change Order Status at Shopify to Canceled.",
    "G9": "explore the actions available in the Rule Builder for your integrations",
    "G10": "For some fulfillment integrations, a Cancel Order button will appear on the order page after it has "
    "been submitted to the integration.",
    "G11": "With a few exceptions ..., these cancel buttons are meant to be used immediately after an order is "
    "submitted, within seconds",
    "G12": "Once the order has successfully transferred ..., it will start moving through their system and will "
    "need to be stopped from their side.",
    "G13": "please follow up with the service to make sure it has been canceled, unless the integration specific "
    "instructions say otherwise",
    "G14": "any order that has already been submitted for fulfillment be checked on directly with that service "
    "to ensure it has been canceled in time",
    "G15": "Amazon Marketplace: press cancel button",
    "G16": "Amazon MCF: press cancel button, but follow up with MCF to confirm",
    "G17": "Bay Photo: press cancel button",
    "G18": "BDLinx: press cancel button or use Cancel Order at BDLinx rule action",
    "G19": "CommerceHub: press cancel button and select reason from the dropdown",
    "G20": "MWW: if within the first minute or two after the order is submitted, press cancel button; otherwise "
    "send email",
    "G21": "OIA Global: send email",
    "G22": "HP Site Flow: press cancel button",
    "G23": "Progressive Solutions: press cancel button",
    "G24": "Unless the integration specific instructions say otherwise, to resubmit an order, you will first "
    "need to change the order number, which can easily be done by duplicating the order.",
    "G25": "so the fulfillment or shipping service sees a new order number and does not reject the order "
    "submission as one they have already received and/or canceled",
}
"""What it says."""
PROVED = {
    "G1": (
        (LAST, "test_a_cart_is_told_last_when_all_others_have_canceled"),
        (LAST, "test_a_cart_is_left_alone_when_one_of_the_others_refused"),
        (PAGE, "test_the_commands_of_the_page_cancel_everywhere_and_show_what_it_shows"),
    ),
    "G2": ((MATRIX, "test_the_plan_says_before_pressing_what_the_matrix_says"),),
    "G3": ((HERE, "test_a_move_into_the_canceled_folder_tells_nobody"),),
    "G4": (
        (HERE, "test_a_move_into_the_canceled_folder_tells_nobody"),
        (HERE, "test_a_rule_lets_the_move_into_the_canceled_folder_cancel_at_bdlinx"),
    ),
    "G5": ((HERE, "test_a_move_into_the_canceled_folder_tells_nobody"),),
    "G6": ((HERE, "test_a_move_into_the_canceled_folder_tells_nobody"),),
    "G7": (
        (HERE, "test_a_service_that_nobody_can_call_is_a_persons_task"),
        (HERE, "test_oia_global_is_asked_by_email"),
    ),
    "G8": ((HERE, "test_a_rule_lets_the_move_into_the_canceled_folder_cancel_at_shopify"),),
    "G9": ((MATRIX, "test_rules_may_do_what_the_matrix_lists"),),
    "G10": ((HERE, "test_the_button_appears_when_the_order_was_submitted"),),
    "G11": ((HERE, "test_a_button_that_is_pressed_within_seconds_is_taken_and_followed_up"),),
    "G12": ((HERE, "test_an_order_that_moved_on_is_not_called_canceled"),),
    "G13": (
        (HERE, "test_a_button_that_is_pressed_within_seconds_is_taken_and_followed_up"),
        (MATRIX, "test_the_proof_is_what_settles_the_case"),
    ),
    "G14": (
        (HERE, "test_an_order_that_moved_on_is_not_called_canceled"),
        (DESK, "test_a_canceled_order_that_ships_all_the_same_is_an_alarm"),
    ),
    "G15": ((HERE, "test_amazon_marketplace_has_a_button"),),
    "G16": ((HERE, "test_amazon_mcf_has_a_button_that_is_followed_up_until_mcf_confirms"),),
    "G17": ((HERE, "test_a_service_has_a_button"),),
    "G18": (
        (HERE, "test_a_service_has_a_button"),
        (HERE, "test_a_rule_lets_the_move_into_the_canceled_folder_cancel_at_bdlinx"),
    ),
    "G19": (
        (HERE, "test_commercehub_has_a_button_with_a_list_of_reasons"),
        (
            "plugins/commercehub/tests/test_dsco_reasons.py",
            "test_a_missing_or_wrong_reason_is_refused_before_any_call_with_the_allowed_list",
        ),
    ),
    "G20": (
        (HERE, "test_mww_has_a_button_in_the_first_two_minutes_and_wants_an_email_afterwards"),
        ("plugins/mww/tests/test_cancel_at_mww.py", "test_what_is_packed_climbs_to_the_mail"),
    ),
    "G21": (
        (HERE, "test_oia_global_is_asked_by_email"),
        ("plugins/oia_global/tests/test_cancel_at_oia_global.py", "test_one_mail_asks_and_only_a_persons_word_cancels"),
    ),
    "G22": ((HERE, "test_a_service_has_a_button"),),
    "G23": ((HERE, "test_a_service_has_a_button"),),
    "G24": (
        (HERE, "test_a_canceled_order_goes_out_again_as_a_duplicate_with_a_new_number"),
        (MATRIX, "test_a_canceled_order_is_submitted_again_as_the_matrix_says"),
    ),
    "G25": (
        (HERE, "test_the_old_number_is_not_submitted_again"),
        (AGAIN, "test_a_number_that_the_service_has_used_is_refused_by_it"),
    ),
}
"""The tests that prove what we make of it, a module and a name each."""

BUTTONS = tuple(slug for slug in GUIDE_SERVICES if slug != "oia-global")
REASONS = {"amazon-marketplace": "out of stock", "commercehub": "out of stock", "shopify": "customer asked"}
"""Where one must be given."""
BY_FOLDER = {"event": "order moved", "when": "folder == 'Canceled'"}


def names_of_tests(path: str) -> set[str]:
    """The names of the tests of a module."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("sentence", SAID)
def test_every_sentence_has_a_proof_that_exists(sentence: str) -> None:
    assert PROVED[sentence]
    assert [(path, name) for path, name in PROVED[sentence] if name not in names_of_tests(path)] == []


def test_every_test_here_is_the_proof_of_a_sentence() -> None:
    itself = {"test_every_sentence_has_a_proof_that_exists", "test_every_test_here_is_the_proof_of_a_sentence"}
    assert set(PROVED) == set(SAID)
    proofs = {name for proved in PROVED.values() for path, name in proved if path == HERE}
    assert names_of_tests(HERE) - itself == proofs


def press(trial: ServiceTrial, slug: str) -> None:
    """Press the button: it is asked, which is not canceled; then it is followed up and canceled."""
    case = trial.cancel(REASONS.get(slug))
    assert (case.state, case.evidence) == (State.ACKNOWLEDGED, None)
    assert not trial.harness.desk.cancellations.receipt(trial.harness.order).is_canceled
    assert [misbehavior for misbehavior, _ in trial.effects] == [Effect.CANCEL_ACCEPTED]
    assert trial.harness.follow_up().state is State.CANCELED
    assert trial.harness.is_canceled
    assert trial.harness.desk.cancellations.receipt(trial.harness.order).is_canceled


@pytest.mark.parametrize("slug", GUIDE_SERVICES)
def test_a_move_into_the_canceled_folder_tells_nobody(trial_at: ServiceTrialMaker, slug: str) -> None:
    trial = trial_at(slug)
    desk, service = trial.harness.desk, trial.harness.simulator
    before = service.actual_status(trial.harness.remote_order.remote_id) if service is not None else ""
    desk.orders.move(trial.harness.order, "Canceled", by="Ann")
    desk.run_due()
    assert (trial.requests, trial.messages, desk.cases.list(order=trial.harness.order)) == ([], "", ())
    assert service is None or service.actual_status(trial.harness.remote_order.remote_id) == before
    assert not desk.cancellations.receipt(trial.harness.order).is_canceled


def test_a_rule_lets_the_move_into_the_canceled_folder_cancel_at_bdlinx(trial_at: ServiceTrialMaker) -> None:
    trial = trial_at("bdlinx")
    with trial.with_rules({**BY_FOLDER, "name": "Stop it", "do": ["Cancel Order at BDLinx"]}) as desk:
        desk.orders.move(trial.harness.order, "Prepared", by="Ann")
        assert trial.requests == []
        desk.orders.move(trial.harness.order, "Canceled", by="Ann")
    assert [misbehavior for misbehavior, _ in trial.effects] == [Effect.CANCEL_ACCEPTED]
    assert trial.harness.follow_up().state is State.CANCELED


def test_a_rule_lets_the_move_into_the_canceled_folder_cancel_at_shopify(trial_at: ServiceTrialMaker) -> None:
    trial = trial_at("shopify")
    action = {"action": "Change Order Status at Shopify to Canceled", "reason": "customer asked"}
    with trial.with_rules({**BY_FOLDER, "name": "Tell Shopify", "do": [action]}) as desk:
        desk.orders.move(trial.harness.order, "Canceled", by="Ann")
    assert trial.harness.follow_up().state is State.CANCELED
    assert trial.harness.is_canceled


def test_a_service_that_nobody_can_call_is_a_persons_task(trial_at: ServiceTrialMaker) -> None:
    trial = trial_at("bdlinx", settings={"secret_header": "", "auth_mode": "header"})
    (entry,) = trial.harness.desk.cancellations.plan(trial.harness.order).entries
    assert entry.chosen_step is None
    assert "not configured: secret_header missing" in str(entry.problem)
    case = trial.cancel()
    assert (case.state, case.hint) == (
        State.ACTION_REQUIRED,
        "cancel the order at the service by hand, then confirm or reject",
    )
    assert trial.requests == []


def test_the_button_appears_when_the_order_was_submitted(trial_at: ServiceTrialMaker) -> None:
    desk = trial_at("bdlinx").harness.desk
    assert isinstance(desk.order_store, SqliteOrderStore)
    copy = desk.order_store.duplicate("1042", by="Ann").number
    assert desk.cancellations.plan(copy).entries == ()
    with pytest.raises(InvalidStateError):
        desk.cancel(copy, by="Ann")
    desk.orders.register(copy, connection="bdlinx", by="Ann")
    (entry,) = desk.cancellations.plan(copy).entries
    assert [step.label for step in entry.steps] == ["button (asks)"]


@pytest.mark.parametrize("slug", BUTTONS)
def test_a_button_that_is_pressed_within_seconds_is_taken_and_followed_up(
    trial_at: ServiceTrialMaker, slug: str
) -> None:
    trial = trial_at(slug, wait=seconds(5))
    press(trial, slug)


@pytest.mark.slow
@pytest.mark.parametrize("slug", [slug for slug in BUTTONS if simulators()[slug].load().contradicting_options])
def test_an_order_that_moved_on_is_not_called_canceled(trial_at: ServiceTrialMaker, slug: str) -> None:
    fate = simulators()[slug].load().contradicting_options
    trial = trial_at(slug, options={"window": "early", **fate} if slug == "mww" else fate)
    assert trial.cancel(REASONS.get(slug)).state is State.ACKNOWLEDGED
    case = trial.harness.follow_up()
    assert case.state in (State.REJECTED, State.ACTION_REQUIRED)
    assert case.state is not State.REJECTED or case.rejection in (
        Rejection.SHIPPED,
        Rejection.TOO_LATE,
        Rejection.NOT_ALLOWED,
    )
    assert not trial.harness.desk.cancellations.receipt(trial.harness.order).is_canceled


@pytest.mark.parametrize("slug", ["bay-photo", "bdlinx", "hp-site-flow", "progressive-solutions"])
def test_a_service_has_a_button(trial_at: ServiceTrialMaker, slug: str) -> None:
    press(trial_at(slug), slug)


def test_amazon_marketplace_has_a_button(trial_at: ServiceTrialMaker) -> None:
    press(trial_at("amazon-marketplace"), "amazon-marketplace")


def test_amazon_mcf_has_a_button_that_is_followed_up_until_mcf_confirms(trial_at: ServiceTrialMaker) -> None:
    trial = trial_at("amazon-mcf")
    case = trial.cancel()
    assert (case.state, case.due_at) == (State.ACKNOWLEDGED, trial.harness.clock.now() + minutes(2))
    settled = trial.harness.follow_up()
    assert settled.evidence is not None
    assert (settled.state, settled.evidence.kind) == (State.CANCELED, EvidenceKind.POLLED_STATUS)
    assert trial.harness.is_canceled


def test_commercehub_has_a_button_with_a_list_of_reasons(trial_at: ServiceTrialMaker) -> None:
    trial = trial_at("commercehub")
    (entry,) = trial.harness.desk.cancellations.plan(trial.harness.order).entries
    (step,) = entry.steps
    assert step.needs == "reason"
    with pytest.raises(ValidationError):
        trial.cancel(None)
    assert trial.requests == []
    trial.cancel(step.reasons[0].code)
    assert f'"cancelCode":"{step.reasons[0].code}"' in trial.messages.replace(" ", "")
    assert trial.harness.follow_up().state is State.CANCELED


@pytest.mark.parametrize(
    ("age", "button"), [(seconds(30), True), (seconds(119), True), (minutes(2), False), (minutes(90), False)], ids=str
)
def test_mww_has_a_button_in_the_first_two_minutes_and_wants_an_email_afterwards(
    trial_at: ServiceTrialMaker, age: timedelta, button: bool
) -> None:
    trial = trial_at("mww", wait=age)
    case = trial.cancel()
    assert (bool(trial.requests), trial.drafts) == (button, not button)
    assert case.state is (State.ACKNOWLEDGED if button else State.ACTION_REQUIRED)


def test_oia_global_is_asked_by_email(trial_at: ServiceTrialMaker) -> None:
    trial = trial_at("oia-global")
    case = trial.cancel()
    assert (trial.drafts, case.state, case.evidence) == (True, State.ACTION_REQUIRED, None)
    assert "To: cancellations@oia.example" in trial.messages
    assert trial.harness.desk.cases.confirm(case.id, by="Ben").state is State.CANCELED


NEW = [slug for slug in GUIDE_SERVICES if isinstance(PluginRegistry().load(slug).integration.resubmission, NewNumber)]


@pytest.mark.parametrize("slug", NEW)
def test_a_canceled_order_goes_out_again_as_a_duplicate_with_a_new_number(
    trial_at: ServiceTrialMaker, slug: str
) -> None:
    trial = trial_at(slug)
    press(trial, slug)
    made = trial.harness.resubmit()
    host, old = trial.harness.desk.order_store, trial.harness.desk.order_store.get_order(trial.harness.order)
    assert isinstance(host, SqliteOrderStore)
    (copy,) = host.duplicates_of(old.id)
    assert (made.order_number, made.remote_id) == ("1042-1", "1042-1")
    assert evolve(host.get_order(copy), id=old.id, number=old.number).lines == old.lines
    assert trial.effects[-1] == (Effect.ORDER_CREATED, "1042-1")


@pytest.mark.parametrize("slug", NEW)
def test_the_old_number_is_not_submitted_again(trial_at: ServiceTrialMaker, slug: str) -> None:
    trial = trial_at(slug)
    press(trial, slug)
    sent = len(trial.requests)
    with pytest.raises(ValidationError, match="this service wants a new one"):
        trial.harness.resubmit(trial.harness.order)
    assert len(trial.requests) == sent
