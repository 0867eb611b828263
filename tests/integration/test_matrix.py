"""What `orderdesk matrix` claims of an integration is what a desk does there, cell by cell, before its simulator."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from orderdesk_devkit.simulators.simulator import Effect
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.cases.plan import PlanEntry
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.desk.matrix import MatrixRow, matrix_row
from orderdesk_sdk.errors import InvalidStateError, SignatureVerificationError, ValidationError
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.webhooks import WebhookRequest
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from tests.support.guide_services import GUIDE_SERVICES

if TYPE_CHECKING:
    from tests.conftest import ServiceTrial, ServiceTrialMaker

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
BESIDE = ("lulu", "mww-europe", "shipbob", "shopify-fulfillment")
"""Those that it does not name: services of their own, MWW in another place, and Shopify as the service that ships."""
CARTS = ("amazon-marketplace", "commercehub", "shopify")
UNITS = {"s": 1, "min": 60, "h": 3600}
VARYING = {
    "amazon-marketplace": "plugins/amazon_marketplace/tests/test_many_orders.py::"
    "test_five_hundred_orders_leave_in_one_feed_whose_report_is_read_a_few_times",
    "commercehub": "plugins/commercehub/tests/test_orderstream.py::"
    "test_a_person_has_the_case_writes_the_file_and_says_what_came_of_it",
    "mww": "plugins/mww/tests/test_cancel_at_mww.py::"
    "test_the_button_has_two_minutes_by_order_desks_guide_and_no_limit_by_mwws_text",
    "mww-europe": "plugins/mww/tests/test_cancel_at_mww.py::test_mww_europe_cancels_as_mww_does",
    "shopify-fulfillment": "plugins/shopify/tests/shopify_fulfillment/test_requests_as_service.py::"
    "test_as_the_service_our_own_cancel_is_a_persons_step",
    "oia-global": "plugins/oia_global/tests/test_cancel_at_oia_global.py::"
    "test_a_mail_in_mode_test_says_so_and_never_goes_to_oia_global",
}
"""Where it is tested how settings change the ways."""
JUDGES = {
    "amazon-marketplace": ("plugins/amazon_marketplace/tests/test_model.py", "vendor_file("),
    "amazon-mcf": ("plugins/amazon_mcf/tests/test_vendor_client.py", "amzn-sp-api"),
    "commercehub": ("plugins/commercehub/tests/test_dsco_model.py", "vendor_file("),
    "hp-site-flow": ("plugins/hp_site_flow/tests/test_vendor_client.py", "npm_package("),
    "shopify": ("plugins/shopify/tests/test_shopify_schema.py", "npm"),
    "shopify-fulfillment": ("plugins/shopify/tests/test_shopify_schema.py", "npm"),
}
"""Where the vendor's own client, schema or file judges, and a word that tells how it is got."""

each_service = pytest.mark.parametrize("slug", [*GUIDE_SERVICES, *BESIDE])


def declared(slug: str) -> Integration:
    return PluginRegistry().load(slug).integration


def row(slug: str) -> MatrixRow:
    return matrix_row(PluginRegistry().load(slug))


def entry(trial: ServiceTrial) -> PlanEntry:
    return trial.harness.desk.cancellations.plan(trial.harness.order).entries[0]


def span(text: str) -> timedelta:
    count, unit = text.split()
    return timedelta(seconds=float(count) * UNITS[unit])


def api_profile(trial: ServiceTrial) -> Mapping[str, object]:
    """The API profile that fits the simulator."""
    found = trial.harness.connection_config.settings["api"]
    assert isinstance(found, Mapping)
    return found


def reason_for(slug: str) -> str | None:
    """A reason where one is required."""
    return "out of stock" if row(slug).routes[0].reason.startswith("required") else None


def test_the_matrix_has_a_row_for_every_service_of_the_guide_and_for_what_is_beside() -> None:
    ran = CliRunner().invoke(orderdesk, ["matrix", "--json"])
    assert ran.exit_code == 0, ran.output
    assert {one["slug"] for one in json.loads(ran.stdout)["integrations"]} == {*GUIDE_SERVICES, *BESIDE}


@each_service
def test_the_plan_says_before_pressing_what_the_matrix_says(trial_at: ServiceTrialMaker, slug: str) -> None:
    told, routes = entry(trial_at(slug)), row(slug).routes
    assert len(told.steps) == len(routes)
    for step, route in zip(told.steps, routes, strict=True):
        assert route.route.startswith(step.label)
        assert (step.scope.value, step.warning) == (route.scope, route.warning)
        proof = re.sub("^as your API profile can prove; .*", "polled every 5 min, for 24 h", route.confirmation)
        assert step.follow_up.removeprefix("last, when all others are canceled; ") == proof


@each_service
def test_the_first_way_is_the_one_that_is_taken(trial_at: ServiceTrialMaker, slug: str) -> None:
    trial, way = trial_at(slug), row(slug).routes[0].route
    case = trial.cancel(reason_for(slug))
    if way == "e-mail":
        assert (trial.drafts, trial.requests, case.state) == (True, [], State.ACTION_REQUIRED)
    else:
        asks = way.startswith("button (asks)")
        assert asks or way.partition(",")[0] == "button"
        assert (trial.drafts, case.state) == (False, State.ACKNOWLEDGED if asks else State.CANCELED)
        assert (case.evidence is None) == asks
        assert [misbehavior for misbehavior, _ in trial.effects] == [Effect.CANCEL_ACCEPTED]


@pytest.mark.parametrize("slug", ["mww", "mww-europe"])
def test_after_its_minutes_the_button_is_closed_and_the_next_way_is_taken(
    trial_at: ServiceTrialMaker, slug: str
) -> None:
    assert row(slug).cancel == "button (asks), within 2 min of submission, then e-mail *"
    trial = trial_at(slug, wait=span("20 min"))
    assert trial.cancel().state is State.ACTION_REQUIRED
    assert (trial.drafts, trial.requests) == (True, [])


@pytest.mark.parametrize(
    ("slug", "way", "begun"),
    [
        ("amazon-mcf", "button (asks), while picking has not begun", "Processing"),
        ("lulu", "button, while production has not begun", "IN_PRODUCTION"),
    ],
)
def test_once_it_has_begun_the_button_is_closed(trial_at: ServiceTrialMaker, slug: str, way: str, begun: str) -> None:
    assert row(slug).cancel == way
    trial = trial_at(slug)
    host, desk = trial.harness.desk.order_store, trial.harness.desk
    assert isinstance(host, SqliteOrderStore)
    host.record_status(desk.order_store.get_order(trial.harness.order).id, slug, begun, trial.harness.clock.now())
    assert entry(trial).chosen_step is None
    assert trial.cancel().state is State.UNSUPPORTED
    assert trial.requests == []


@pytest.mark.parametrize("slug", ["bay-photo", "bdlinx", "progressive-solutions"])
def test_the_button_calls_what_the_api_profile_says(trial_at: ServiceTrialMaker, slug: str) -> None:
    assert row(slug).cancel == "button (asks), by your API profile"
    profile = json.loads(json.dumps(api_profile(trial_at(slug))))
    profile["cancel"]["path"] = "/anywhere/else/{remote_id}"
    trial = trial_at(slug, settings={"api": profile})
    trial.cancel()
    assert f"/anywhere/else/{trial.harness.order}" in [request.path for request in trial.requests]


def test_orders_that_are_gathered_leave_together(trial_at: ServiceTrialMaker) -> None:
    assert row("amazon-marketplace").routes[0].route.endswith("batches of up to 20, gathered for 20 min, one at a time")
    trial = trial_at("amazon-marketplace")
    standing = trial.harness.desk.cancel(trial.harness.order, by="Ann", reason="out of stock")
    assert (standing.cases[0].state, trial.effects) == (State.PENDING, [])
    assert standing.cases[0].due_at == trial.harness.clock.now() + span("20 min")
    assert trial.settle().state is State.ACKNOWLEDGED


@each_service
def test_what_the_settings_of_a_connection_may_change_is_marked_and_tested(slug: str) -> None:
    assert row(slug).routes_vary == (slug in VARYING)
    assert row(slug).cancel.endswith(" *") == (slug in VARYING)
    if slug in VARYING:
        path, _, name = VARYING[slug].partition("::")
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")


@each_service
def test_the_proof_is_what_settles_the_case(trial_at: ServiceTrialMaker, slug: str) -> None:
    trial, proof = trial_at(slug), row(slug).routes[0].confirmation
    case = trial.cancel(reason_for(slug))
    now = trial.harness.clock.now()
    if proof.startswith("a person confirms, reminded after "):
        assert case.due_at == now + span(proof.removeprefix("a person confirms, reminded after "))
        kinds = {EvidenceKind.PERSON}
        case = trial.harness.desk.cancellations.get_case(trial.harness.desk.cases.confirm(case.id, by="Ben").id)
    elif proof == "the response is final":
        kinds = {EvidenceKind.RESPONSE}
        assert trial.harness.is_canceled
    else:
        told = re.fullmatch(r"polled every (.+), for (.+)", proof)
        every, give_up = told.groups() if told else ("5 min", "24 h")
        assert told or proof.startswith("as your API profile can prove; ")
        assert (case.due_at, case.deadline) == (now + span(every), now + span(give_up))
        kinds, case = {EvidenceKind.POLLED_STATUS, EvidenceKind.LINE_QUANTITIES}, trial.harness.follow_up()
        assert trial.harness.is_canceled
    assert case.state is State.CANCELED
    assert case.evidence is not None
    assert case.evidence.kind in kinds


@pytest.mark.parametrize("slug", ["bdlinx", "progressive-solutions"])
def test_without_a_read_call_a_person_is_the_proof(trial_at: ServiceTrialMaker, slug: str) -> None:
    assert row(slug).routes[0].confirmation.endswith("without a read call a person confirms, reminded after 4 h")
    trial = trial_at(slug, settings={"api": {"cancel": api_profile(trial_at(slug))["cancel"]}})
    case = trial.cancel()
    assert (case.state, case.due_at) == (State.ACTION_REQUIRED, trial.harness.clock.now() + span("4 h"))


@each_service
def test_a_reason_is_taken_as_the_matrix_says(trial_at: ServiceTrialMaker, slug: str) -> None:
    trial, reason = trial_at(slug), row(slug).routes[0].reason
    words = "the moon is blue"
    if reason.startswith("required"):
        for wrong in (None, words):
            with pytest.raises(ValidationError):
                trial.cancel(wrong)
        assert trial.requests == []
        assert trial.harness.desk.cases.list(order=trial.harness.order) == ()
    if reason == "required, from a list":
        words = entry(trial).steps[0].reasons[0].code
    trial.cancel(words)
    assert (words in trial.messages) == (reason != "none")
    if not reason.startswith("required"):
        assert trial_at(slug).cancel(None).last_sent_at is not None


def test_every_kind_of_reason_is_claimed_by_somebody() -> None:
    assert {route.reason for slug in (*GUIDE_SERVICES, *BESIDE) for route in row(slug).routes} == {
        "none",
        "optional, in words",
        "optional, where your mail names it",
        "optional, where your API profile sends it",
        "required, from a list",
    }


@each_service
def test_parts_are_taken_where_the_matrix_says(trial_at: ServiceTrialMaker, slug: str) -> None:
    trial, scope = trial_at(slug), row(slug).routes[0].scope
    line = trial.harness.desk.order_store.get_order(trial.harness.order).lines[0]
    assert line.quantity == 2
    if scope == "whole orders":
        with pytest.raises(ValidationError, match="whole"):
            trial.cancel(reason_for(slug), {line.code: 1})
        assert (trial.requests, trial.harness.desk.cases.list(order=trial.harness.order)) == ([], ())
    else:
        assert scope == "lines and quantities"
        trial.cancel(reason_for(slug), {line.code: 1})
        done = trial.harness.follow_up()
        assert [(one.line, one.canceled) for one in done.lines if one.canceled] == [(line.code, 1)]


@each_service
def test_a_cart_takes_the_statuses_of_the_matrix_and_no_other(trial_at: ServiceTrialMaker, slug: str) -> None:
    trial, statuses = trial_at(slug), row(slug).statuses
    desk, number = trial.harness.desk, trial.harness.order
    assert (row(slug).role is ConnectionRole.CART) == bool(statuses) == (slug in CARTS)
    if not statuses:
        with pytest.raises(InvalidStateError, match="at no cart"):
            desk.status_changes.create(number, "canceled", by="Ann")
        return
    with pytest.raises(ValidationError, match="teleported") as refused:
        desk.status_changes.create(number, "teleported", by="Ann")
    assert refused.value.hint == f"the integration can set: {', '.join(statuses)}"
    assert trial.requests == []
    for status in statuses[1:]:
        made = desk.status_changes.create(number, status, by="Ann")
        assert (made.changes[0].state, trial.harness.service.actual_status(trial.harness.remote_order.remote_id)) == (
            State.DONE,
            status,
        )
    desk.status_changes.create(number, "canceled", by="Ann", reason=reason_for(slug))
    trial.settle()
    assert trial.harness.follow_up().state is State.CANCELED


@each_service
def test_a_canceled_order_is_submitted_again_as_the_matrix_says(trial_at: ServiceTrialMaker, slug: str) -> None:
    trial, resubmit = trial_at(slug), row(slug).resubmission
    case = trial.cancel(reason_for(slug))
    if case.state is State.ACTION_REQUIRED:
        trial.harness.desk.cases.confirm(case.id, by="Ben")
    assert trial.harness.follow_up().state is State.CANCELED
    before = len(trial.effects)
    if resubmit.startswith("no: "):
        with pytest.raises(InvalidStateError) as refused:
            trial.harness.resubmit()
        assert resubmit.removeprefix("no: ") in str(refused.value)
        assert len(trial.effects) == before
    else:
        assert resubmit == "new number", "no service of today takes the same number; prove here what another one does"
        made = trial.harness.resubmit()
        assert (made.state, made.remote_id) == (State.DONE, f"{trial.harness.order}-1")
        assert trial.effects[before:] == [(Effect.ORDER_CREATED, made.remote_id)]


ACTIONS = {
    "bdlinx": ("Cancel Order at BDLinx",),
    "shopify": tuple(f"Change Order Status at Shopify to {status}" for status in ("Canceled", "Archived", "Open")),
}


@each_service
def test_rules_may_do_what_the_matrix_lists(trial_at: ServiceTrialMaker, slug: str) -> None:
    assert row(slug).actions == ACTIONS.get(slug, ())
    for action in row(slug).actions:
        trial = trial_at(slug)
        told = {"reason": reason_for(slug)} if "Cancel" in action and reason_for(slug) else {}
        with trial.with_rules({"name": "a test", "event": "order moved", "do": [{"action": action, **told}]}) as desk:
            desk.orders.move(trial.harness.order, "Canceled", by="Ann")
            ((_, fired),) = desk.ledger.rule_executions(desk.order_store.get_order(trial.harness.order).id)
        assert (fired.action, fired.error) == (action, None)
        assert trial.requests != []


@each_service
def test_what_the_service_sends_is_read_where_the_matrix_says_so(trial_at: ServiceTrialMaker, slug: str) -> None:
    trial, forged = trial_at(slug), WebhookRequest({}, b'{"id": 1}')
    reads = row(slug).reads_notifications
    with pytest.raises(SignatureVerificationError if reads else InvalidStateError):
        trial.harness.desk.notifications.handle_webhook(slug, forged)
    readers = ("amazon-mcf", "bdlinx", "hp-site-flow", "mww", "mww-europe", "shopify", "shopify-fulfillment")
    assert reads == (slug in readers)
    assert trial.requests == []


@each_service
def test_the_order_is_there_in_the_role_of_the_matrix(trial_at: ServiceTrialMaker, slug: str) -> None:
    assert trial_at(slug).harness.remote_order.role is row(slug).role


@each_service
def test_what_the_knowledge_rests_on_is_so(slug: str) -> None:
    match row(slug).verified_by.value:
        case "vendor checked":
            path, word = JUDGES[slug]
            assert word in (ROOT / path).read_text(encoding="utf-8")
        case "published API":
            assert slug not in JUDGES
            assert "orderdesk.com" not in str(declared(slug).help_url)
        case _:
            assert slug not in JUDGES
            assert slug in ("bay-photo", "bdlinx", "mww-europe", "oia-global", "progressive-solutions")
