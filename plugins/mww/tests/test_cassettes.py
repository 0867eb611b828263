"""The plugin against what was recorded of MWW's simulator: no network, the same answers for ever."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from orderdesk_devkit.testing.cassette_suite import CassetteTests
from orderdesk_devkit.testing.cassettes import read_header
from orderdesk_devkit.testing.harness import PluginHarness, open_simulated_harness
from orderdesk_devkit.testing.record import record_live
from orderdesk_devkit.testing.scenarios import load_scenarios, replay_scenario
from orderdesk_mww.simulator import MwwSimulator
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.clock import VirtualClock, hours
from orderdesk_sdk.plugin.answer import Rejection

Play = Callable[[str], PluginHarness]


class TestCassettes(CassetteTests):
    personal_texts = ("mww.example",)


def test_an_accepted_request_is_canceled_by_the_polled_status(cassette: Play) -> None:
    stage = cassette("cancel-honored")
    assert (stage.case.state, stage.case.service_status) == (State.CANCELED, "cancelled")
    assert stage.evidence.kind is EvidenceKind.POLLED_STATUS
    assert stage.calls == ["PATCH /orders/1042 200", "GET /orders/1042 200", "GET /orders/1042 200"]


@pytest.mark.parametrize(
    ("name", "status", "calls"),
    [
        ("refused-while-ingesting", "received", ["PATCH /orders/1042 422", "GET /orders/1042 200"]),
        ("packed", "packed", ["PATCH /orders/1042 422", "GET /orders/1042 200"]),
        ("unknown-order", None, ["PATCH /orders/1042 404", "GET /orders/1042 404"]),
    ],
)
def test_what_mww_refuses_or_does_not_know_is_drafted_as_an_email_and_a_person_has_it(
    cassette: Play, name: str, status: str | None, calls: list[str]
) -> None:
    stage = cassette(name)
    assert (stage.case.state, stage.case.service_status, stage.case.evidence) == (State.ACTION_REQUIRED, status, None)
    assert stage.calls == calls
    drafts = [entry.content for entry in stage.desk.ledger.history(stage.case.id)]
    (draft,) = [str(content) for content in drafts if str(content).startswith("draft:")]
    assert "Please cancel our order 1042 (vendor-po)" in draft


@pytest.mark.slow
def test_an_order_that_is_not_found_in_the_first_hour_is_asked_again_until_it_is_in(cassette: Play) -> None:
    stage = cassette("unknown-while-ingesting")
    assert stage.case.state is State.CANCELED
    asked = [call for call in stage.calls if call.startswith("PATCH")]
    assert asked == ["PATCH /orders/1042 404"] * (len(asked) - 1) + ["PATCH /orders/1042 200"]
    assert len(asked) > 1


def test_a_request_that_was_taken_in_vain_is_refused_by_the_order_that_shipped(cassette: Play) -> None:
    stage = cassette("taken-but-shipped")
    assert (stage.case.state, stage.case.rejection, stage.case.service_status) == (
        State.REJECTED,
        Rejection.SHIPPED,
        "shipped",
    )
    assert stage.calls[0] == "PATCH /orders/1042 200"
    assert not stage.desk.cancellations.receipt("1042").is_canceled


def test_a_canceled_order_is_created_again_with_its_designs_under_a_new_number(cassette: Play) -> None:
    stage = cassette("resubmit")
    (made,) = stage.desk.cancellations.receipt("1042").resubmissions
    assert (made.state, made.remote_id) == (State.DONE, "1042-1")
    designs = [line.metadata["print_url"] for line in stage.desk.order_store.get_order(made.order_number).lines]
    assert designs == ["https://files.example.com/MUG.png", "https://files.example.com/CAP.png"]


@pytest.mark.slow
def test_of_a_live_order_what_the_scenario_names_is_kept_and_nothing_else(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parent / "scenarios.py", tmp_path)
    scenarios, file = load_scenarios(tmp_path), tmp_path / "cassettes/resubmit.yaml"
    mww = MwwSimulator(VirtualClock())
    mww.set_option("window", "early")
    mww.add_order("LIVE-7", lines=(("LAMP", 3),))
    lamp = {"name": "A lamp", "metadata": {"print_url": "https://shop.example/lamp.png", "gift": "for Vera"}}
    with open_simulated_harness(
        "mww",
        mww,
        order="LIVE-7",
        lines=(("LAMP", 3),),
        details={"order_items": [lamp], "shipping": {"state": "CA"}},
        settings={"cancel_email_body": "Stop {remote_id}, and write to vera@shop.example"},
    ) as account:
        record_live(scenarios, scenarios.named("resubmit"), account, file)
    setup = read_header(file).setup
    kept = {"name": "A lamp", "metadata": {"print_url": "https://shop.example/lamp.png"}}
    assert setup.details == {
        "order_items": [kept],
        "shipping": {"state": "CA", "country": "US"},
        "shipping_method": "",
    }
    assert setup.settings["cancel_email_body"] == "Stop {remote_id}, and write to [hidden]"
    assert "vera" not in file.read_text(encoding="utf-8").lower()
    with replay_scenario(tmp_path, "resubmit") as stage:
        (made,) = stage.desk.cancellations.receipt("LIVE-7").resubmissions
        assert (made.state, made.remote_id) == (State.DONE, "LIVE-7-1")


def test_a_replay_knows_how_long_ago_the_order_was_submitted(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parent / "scenarios.py", tmp_path)
    scenarios, name = load_scenarios(tmp_path), "refused-while-ingesting"
    with open_simulated_harness("mww", MwwSimulator(VirtualClock()), settings={"cancel_window": "no limit"}) as account:
        account.wait_for(account.remote_order.submitted_at + hours(2))
        record_live(scenarios, scenarios.named(name), account, tmp_path / f"cassettes/{name}.yaml")
    with replay_scenario(tmp_path, name) as stage:
        # Within the first hour an order that is not found is asked for again; after it, the e-mail's turn has come.
        assert stage.calls == ["PATCH /orders/1042 404", "GET /orders/1042 404"]
