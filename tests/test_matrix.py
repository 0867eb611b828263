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

from orderdesk_devkit.simulators.simulator import Deed
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.errand import ErrandState
from orderdesk_sdk.cases.evidence import ProofKind
from orderdesk_sdk.cases.plan import PlanEntry
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.desk.matrix import MatrixRow, matrix_row
from orderdesk_sdk.errors import InputError, NotAllowedError, UntrustedMessage
from orderdesk_sdk.orders.order import Role
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.registry import Registry
from orderdesk_sdk.plugin.webhooks import Message
from orderdesk_sdk.stores.sqlite.orders import LocalHost

if TYPE_CHECKING:
    from tests.conftest import Trial, TrialMaker

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
GUIDE = (
    "amazon-marketplace",
    "amazon-mcf",
    "bay-photo",
    "bdlinx",
    "commercehub",
    "mww",
    "oia-global",
    "hp-site-flow",
    "progressive-solutions",
    "shopify",
)
"""Those that Order Desk's guide names; Shopify by its rule."""
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

each_service = pytest.mark.parametrize("slug", [*GUIDE, *BESIDE])


def declared(slug: str) -> Integration:
    return Registry().load(slug).integration


def row(slug: str) -> MatrixRow:
    return matrix_row(Registry().load(slug))


def entry(trial: Trial) -> PlanEntry:
    return trial.scene.desk.plan(trial.scene.order).entries[0]


def span(text: str) -> timedelta:
    count, unit = text.split()
    return timedelta(seconds=float(count) * UNITS[unit])


def wire(trial: Trial) -> Mapping[str, object]:
    """The wire profile that fits the simulator."""
    found = trial.scene.configured.settings["wire"]
    assert isinstance(found, Mapping)
    return found


def reason_for(slug: str) -> str | None:
    """A reason where one is required."""
    return "out of stock" if row(slug).routes[0].reason.startswith("required") else None


def test_the_matrix_has_a_row_for_every_service_of_the_guide_and_for_what_is_beside() -> None:
    ran = CliRunner().invoke(orderdesk, ["matrix", "--json"])
    assert ran.exit_code == 0, ran.output
    assert {one["slug"] for one in json.loads(ran.stdout)["integrations"]} == {*GUIDE, *BESIDE}


@each_service
def test_the_plan_says_before_pressing_what_the_matrix_says(try_at: TrialMaker, slug: str) -> None:
    told, routes = entry(try_at(slug)), row(slug).routes
    assert len(told.steps) == len(routes)
    for step, route in zip(told.steps, routes, strict=True):
        assert route.way.startswith(step.label)
        assert (step.scope.value, step.note) == (route.scope, route.note)
        proof = re.sub("^as your wire profile can prove; .*", "read back every 5 min, for 24 h", route.proof)
        assert step.then.removeprefix("last, when all others are canceled; ") == proof


@each_service
def test_the_first_way_is_the_one_that_is_taken(try_at: TrialMaker, slug: str) -> None:
    trial, way = try_at(slug), row(slug).routes[0].way
    case = trial.cancel(reason_for(slug))
    if way == "e-mail":
        assert (trial.drafts, trial.requests, case.state) == (True, [], State.AWAITING_PERSON)
    else:
        asks = way.startswith("button (asks)")
        assert asks or way.partition(",")[0] == "button"
        assert (trial.drafts, case.state) == (False, State.ASKED if asks else State.CANCELED)
        assert (case.proof is None) == asks
        assert [deed for deed, _ in trial.deeds] == [Deed.CANCEL_TAKEN]


@pytest.mark.parametrize("slug", ["mww", "mww-europe"])
def test_after_its_minutes_the_button_is_closed_and_the_next_way_is_taken(try_at: TrialMaker, slug: str) -> None:
    assert row(slug).cancel == "button (asks), within 2 min of submission, then e-mail *"
    trial = try_at(slug, wait=span("20 min"))
    assert trial.cancel().state is State.AWAITING_PERSON
    assert (trial.drafts, trial.requests) == (True, [])


@pytest.mark.parametrize(
    ("slug", "way", "begun"),
    [
        ("amazon-mcf", "button (asks), while picking has not begun", "Processing"),
        ("lulu", "button, while production has not begun", "IN_PRODUCTION"),
    ],
)
def test_once_it_has_begun_the_button_is_closed(try_at: TrialMaker, slug: str, way: str, begun: str) -> None:
    assert row(slug).cancel == way
    trial = try_at(slug)
    host, desk = trial.scene.desk.host, trial.scene.desk
    assert isinstance(host, LocalHost)
    host.note_status(desk.host.order(trial.scene.order).id, slug, begun, trial.scene.clock.now())
    assert entry(trial).chosen is None
    assert trial.cancel().state is State.IMPOSSIBLE
    assert trial.requests == []


@pytest.mark.parametrize("slug", ["bay-photo", "bdlinx", "progressive-solutions"])
def test_the_button_calls_what_the_wire_profile_says(try_at: TrialMaker, slug: str) -> None:
    assert row(slug).cancel == "button (asks), by your wire profile"
    profile = json.loads(json.dumps(wire(try_at(slug))))
    profile["cancel"]["path"] = "/anywhere/else/{remote_id}"
    trial = try_at(slug, settings={"wire": profile})
    trial.cancel()
    assert f"/anywhere/else/{trial.scene.order}" in [request.path for request in trial.requests]


def test_orders_that_are_gathered_leave_together(try_at: TrialMaker) -> None:
    assert row("amazon-marketplace").routes[0].way.endswith("batches of up to 20, gathered for 20 min, one at a time")
    trial = try_at("amazon-marketplace")
    standing = trial.scene.desk.cancel(trial.scene.order, by="Ann", reason="out of stock")
    assert (standing.cases[0].state, trial.deeds) == (State.REQUESTED, [])
    assert standing.cases[0].due_at == trial.scene.clock.now() + span("20 min")
    assert trial.settle_in().state is State.ASKED


@each_service
def test_what_the_settings_of_a_connection_may_change_is_marked_and_tested(slug: str) -> None:
    assert row(slug).varies == (slug in VARYING)
    assert row(slug).cancel.endswith(" *") == (slug in VARYING)
    if slug in VARYING:
        path, _, name = VARYING[slug].partition("::")
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")


@each_service
def test_the_proof_is_what_settles_the_case(try_at: TrialMaker, slug: str) -> None:
    trial, proof = try_at(slug), row(slug).routes[0].proof
    case = trial.cancel(reason_for(slug))
    now = trial.scene.clock.now()
    if proof.startswith("a person confirms, reminded after "):
        assert case.due_at == now + span(proof.removeprefix("a person confirms, reminded after "))
        kinds = {ProofKind.PERSON}
        case = trial.scene.desk.case(trial.scene.desk.confirm(case.id, by="Ben").id)
    elif proof == "the reply is final":
        kinds = {ProofKind.REPLY}
        assert trial.scene.is_canceled
    else:
        told = re.fullmatch(r"read back every (.+), for (.+)", proof)
        every, give_up = told.groups() if told else ("5 min", "24 h")
        assert told or proof.startswith("as your wire profile can prove; ")
        assert (case.due_at, case.give_up_at) == (now + span(every), now + span(give_up))
        kinds, case = {ProofKind.READ_BACK, ProofKind.LINES}, trial.scene.follow()
        assert trial.scene.is_canceled
    assert case.state is State.CANCELED
    assert case.proof is not None
    assert case.proof.kind in kinds


@pytest.mark.parametrize("slug", ["bdlinx", "progressive-solutions"])
def test_without_a_read_call_a_person_is_the_proof(try_at: TrialMaker, slug: str) -> None:
    assert row(slug).routes[0].proof.endswith("without a read call a person confirms, reminded after 4 h")
    trial = try_at(slug, settings={"wire": {"cancel": wire(try_at(slug))["cancel"]}})
    case = trial.cancel()
    assert (case.state, case.due_at) == (State.AWAITING_PERSON, trial.scene.clock.now() + span("4 h"))


@each_service
def test_a_reason_is_taken_as_the_matrix_says(try_at: TrialMaker, slug: str) -> None:
    trial, reason = try_at(slug), row(slug).routes[0].reason
    words = "the moon is blue"
    if reason.startswith("required"):
        for wrong in (None, words):
            with pytest.raises(InputError):
                trial.cancel(wrong)
        assert trial.requests == []
        assert trial.scene.desk.cases(order=trial.scene.order) == ()
    if reason == "required, from a list":
        words = entry(trial).steps[0].reasons[0].code
    trial.cancel(words)
    assert (words in trial.said) == (reason != "none")
    if not reason.startswith("required"):
        assert try_at(slug).cancel(None).asked_at is not None


def test_every_kind_of_reason_is_claimed_by_somebody() -> None:
    assert {route.reason for slug in (*GUIDE, *BESIDE) for route in row(slug).routes} == {
        "none",
        "optional, in words",
        "optional, where your mail names it",
        "optional, where your wire profile sends it",
        "required, from a list",
    }


@each_service
def test_parts_are_taken_where_the_matrix_says(try_at: TrialMaker, slug: str) -> None:
    trial, scope = try_at(slug), row(slug).routes[0].scope
    line = trial.scene.desk.host.order(trial.scene.order).lines[0]
    assert line.quantity == 2
    if scope == "whole orders":
        with pytest.raises(InputError, match="whole"):
            trial.cancel(reason_for(slug), {line.code: 1})
        assert (trial.requests, trial.scene.desk.cases(order=trial.scene.order)) == ([], ())
    else:
        assert scope == "lines and quantities"
        trial.cancel(reason_for(slug), {line.code: 1})
        done = trial.scene.follow()
        assert [(one.line, one.canceled) for one in done.lines if one.canceled] == [(line.code, 1)]


@each_service
def test_a_cart_takes_the_statuses_of_the_matrix_and_no_other(try_at: TrialMaker, slug: str) -> None:
    trial, statuses = try_at(slug), row(slug).statuses
    desk, number = trial.scene.desk, trial.scene.order
    assert (row(slug).role is Role.CART) == bool(statuses) == (slug in CARTS)
    if not statuses:
        with pytest.raises(NotAllowedError, match="at no cart"):
            desk.change_status(number, "canceled", by="Ann")
        return
    with pytest.raises(InputError, match="teleported") as refused:
        desk.change_status(number, "teleported", by="Ann")
    assert refused.value.remedy == f"it can set: {', '.join(statuses)}"
    assert trial.requests == []
    for status in statuses[1:]:
        made = desk.change_status(number, status, by="Ann")
        assert (made.changes[0].state, trial.scene.service.truth(trial.scene.placement.remote_id)) == (
            ErrandState.DONE,
            status,
        )
    desk.change_status(number, "canceled", by="Ann", reason=reason_for(slug))
    trial.settle_in()
    assert trial.scene.follow().state is State.CANCELED


@each_service
def test_a_canceled_order_is_submitted_again_as_the_matrix_says(try_at: TrialMaker, slug: str) -> None:
    trial, resubmit = try_at(slug), row(slug).resubmit
    case = trial.cancel(reason_for(slug))
    if case.state is State.AWAITING_PERSON:
        trial.scene.desk.confirm(case.id, by="Ben")
    assert trial.scene.follow().state is State.CANCELED
    before = len(trial.deeds)
    if resubmit.startswith("no: "):
        with pytest.raises(NotAllowedError) as refused:
            trial.scene.resubmit()
        assert resubmit.removeprefix("no: ") in str(refused.value)
        assert len(trial.deeds) == before
    else:
        assert resubmit == "new number", "no service of today takes the same number; prove here what another one does"
        made = trial.scene.resubmit()
        assert (made.state, made.remote_id) == (ErrandState.DONE, f"{trial.scene.order}-1")
        assert trial.deeds[before:] == [(Deed.ORDER_CREATED, made.remote_id)]


ACTIONS = {
    "bdlinx": ("Cancel Order at BDLinx",),
    "shopify": tuple(f"Change Order Status at Shopify to {status}" for status in ("Canceled", "Archived", "Open")),
}


@each_service
def test_rules_may_do_what_the_matrix_lists(try_at: TrialMaker, slug: str) -> None:
    assert row(slug).actions == ACTIONS.get(slug, ())
    for action in row(slug).actions:
        trial = try_at(slug)
        told = {"reason": reason_for(slug)} if "Cancel" in action and reason_for(slug) else {}
        with trial.with_rules({"name": "a test", "event": "order moved", "do": [{"action": action, **told}]}) as desk:
            desk.move(trial.scene.order, "Canceled", by="Ann")
            ((_, fired),) = desk.ledger.firings(desk.host.order(trial.scene.order).id)
        assert (fired.action, fired.refused) == (action, None)
        assert trial.requests != []


@each_service
def test_what_the_service_sends_is_read_where_the_matrix_says_so(try_at: TrialMaker, slug: str) -> None:
    trial, forged = try_at(slug), Message({}, b'{"id": 1}')
    reads = row(slug).messages
    with pytest.raises(UntrustedMessage if reads else NotAllowedError):
        trial.scene.desk.receive(slug, forged)
    assert reads == (slug in ("hp-site-flow", "shopify", "shopify-fulfillment"))
    assert trial.requests == []


@each_service
def test_the_order_is_there_in_the_role_of_the_matrix(try_at: TrialMaker, slug: str) -> None:
    assert try_at(slug).scene.placement.role is row(slug).role


@each_service
def test_what_the_knowledge_rests_on_is_so(slug: str) -> None:
    match row(slug).evidence.value:
        case "vendor checked":
            path, word = JUDGES[slug]
            assert word in (ROOT / path).read_text(encoding="utf-8")
        case "published API":
            assert slug not in JUDGES
            assert "orderdesk.com" not in str(declared(slug).help_url)
        case _:
            assert slug not in JUDGES
            assert slug in ("bay-photo", "bdlinx", "mww-europe", "oia-global", "progressive-solutions")
