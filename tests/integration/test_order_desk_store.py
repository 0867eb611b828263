"""A desk whose orders are in a live Order Desk store: canceled everywhere, told in the history, moved last."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol
from unittest.mock import patch

import pytest

from orderdesk_devkit.simulators.fault_queue import Fault
from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.documents import receipt_document
from orderdesk_sdk.errors import InvalidStateError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.secret import Secret
from tests.support.fake_services import FakeServices, case_at, case_states, pass_minutes
from tests.support.order_desk import ORDER_ID, ORDER_NUMBER, LiveStore, open_live_desk

MAPPED = {"Paper Lantern Shop": "cart", "The Mill": "mill"}


class LiveDeskOpener(Protocol):
    """Opens a desk over the simulated store, on the one ledger of a test."""

    def __call__(self, *, rules: Sequence[Mapping[str, object]] = (), **changed: object) -> Desk: ...


@pytest.fixture
def open_desk(live: LiveStore, services_url: str, tmp_path: Path) -> Iterator[LiveDeskOpener]:
    with ExitStack() as stack:

        def open_(*, rules: Sequence[Mapping[str, object]] = (), **changed: object) -> Desk:
            settings = {"connections": MAPPED, **changed}
            return stack.enter_context(
                open_live_desk(tmp_path / "ledger.db", live, services_url, rules=rules, changed=settings)
            )

        yield open_


def notes(live: LiveStore) -> list[str]:
    """Our notes in the order's history, without their marks."""
    found = [entry["note"] for entry in live.simulator.history(ORDER_ID)]
    return [note.partition("] ")[2] for note in found if note.startswith("[od-")]


def cancel_everywhere(desk: Desk, clock: VirtualClock) -> None:
    desk.cancel(ORDER_NUMBER, by="Ann")
    pass_minutes(desk, clock)


class TestCanceledEverywhere:
    def test_history_tells_it_and_the_folder_moves_last(
        self, live: LiveStore, open_desk: LiveDeskOpener, fake_services: FakeServices, clock: VirtualClock
    ) -> None:
        desk = open_desk()
        desk.cancel(ORDER_NUMBER, by="Ann")
        assert live.simulator.actual_status(ORDER_ID) == "New"
        pass_minutes(desk, clock)
        assert set(case_states(desk).values()) == {State.CANCELED}
        assert fake_services.writes == ["mill cancel 77", "cart cancel 1042"]
        assert live.simulator.actual_status(ORDER_ID) == "Canceled"
        told = notes(live)
        assert [text.partition(".")[0].partition(";")[0] for text in told] == [
            "Cancellation at mill: canceled",
            "Cancellation at cart: canceled",
            "Canceled everywhere",
            "Moved from New to Canceled (by rule canceled folder)",
        ]
        case = case_at(desk, "mill")
        assert told[0] == (
            "Cancellation at mill: canceled. Number there: 77. Requested by Ann. Evidence: polled status."
            f" `orderdesk receipt 1042` shows everything, as case {case.id}. (by orderdesk)"
        )
        desk.cancel(ORDER_NUMBER, by="Ann")
        pass_minutes(desk, clock)
        assert (notes(live), len(live.calls("POST", "move-orders"))) == (told, 1)

    def test_no_key_and_nobody_stands_in_ledger_receipt_or_log(
        self,
        live: LiveStore,
        open_desk: LiveDeskOpener,
        clock: VirtualClock,
        tmp_path: Path,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.DEBUG)
        desk = open_desk()
        live.simulator.faults.add(Fault.SERVER_ERROR_HTML_AFTER, skip_first=30, times=4)
        cancel_everywhere(desk, clock)
        pass_minutes(desk, clock, 10)
        receipt = json.dumps(receipt_document(desk.cancellations.receipt(ORDER_NUMBER)))
        desk.close()
        kept = b"".join(file.read_bytes() for file in tmp_path.glob("ledger.db*")).decode(errors="replace")
        history = str(live.simulator.history(ORDER_ID))
        for canary in (live.simulator.api_key, "Lindqvist", "Alder Street", "nora.lindqvist", "503-555"):
            assert canary not in kept + receipt + caplog.text + history

    def test_an_order_in_the_folder_already_is_not_moved(
        self, live: LiveStore, open_desk: LiveDeskOpener, clock: VirtualClock
    ) -> None:
        live.simulator.move_order(ORDER_ID, "Canceled")
        cancel_everywhere(open_desk(), clock)
        assert live.calls("POST", "move-orders") == []
        assert "Canceled everywhere" in "".join(notes(live))

    def test_no_folder_is_configured(self, live: LiveStore, open_desk: LiveDeskOpener, clock: VirtualClock) -> None:
        cancel_everywhere(open_desk(canceled_folder=""), clock)
        assert live.simulator.actual_status(ORDER_ID) == "New"
        assert "Canceled everywhere" in "".join(notes(live))

    def test_one_that_was_rejected_moves_nothing(
        self, live: LiveStore, open_desk: LiveDeskOpener, fake_services: FakeServices, clock: VirtualClock
    ) -> None:
        fake_services.cancel_outcomes["mill"] = "shipped"
        desk = open_desk()
        cancel_everywhere(desk, clock)
        assert live.simulator.actual_status(ORDER_ID) == "New"
        assert fake_services.writes == ["mill cancel 77"]
        assert case_at(desk, "cart").state is State.WITHDRAWN

    def test_a_folder_that_is_not_there_is_told(
        self, live: LiveStore, open_desk: LiveDeskOpener, clock: VirtualClock
    ) -> None:
        live.simulator.rename_folder("Canceled", "Archive")
        desk = open_desk()
        cancel_everywhere(desk, clock)
        failed = [execution for _, execution in desk.ledger.rule_executions(ORDER_ID) if execution.error]
        assert "'Canceled' does not exist" in str(failed[0].error)
        assert "does not exist" in notes(live)[-1]

    @pytest.mark.parametrize("full", ["4xx", "200"])
    def test_a_full_history_keeps_nothing_from_being_canceled(
        self, live: LiveStore, open_desk: LiveDeskOpener, clock: VirtualClock, full: str
    ) -> None:
        live.simulator.set_option("history_full", full)
        live.simulator.fill_history(ORDER_ID, 300)
        desk = open_desk()
        cancel_everywhere(desk, clock)
        assert live.simulator.actual_status(ORDER_ID) == "Canceled"
        refused = [one for _, one in desk.ledger.rule_executions(ORDER_ID) if one.action == "history note"]
        assert len(refused) == 3
        assert all("full" in str(one.error) for one in refused)


def test_with_a_ledger_in_postgresql(
    live: LiveStore, fake_services: FakeServices, clock: VirtualClock, postgres_url: str
) -> None:
    with (
        RawServer(responding(fake_services)) as services,
        open_live_desk(Secret(postgres_url), live, services.url, changed={"connections": MAPPED}) as desk,
    ):
        cancel_everywhere(desk, clock)
        assert live.simulator.actual_status(ORDER_ID) == "Canceled"
        assert {one.status for one in desk.order_store.remote_orders(ORDER_ID)} == {"canceled"}
        assert desk.order_store.find_by_remote_id("mill", "77") == ORDER_ID


class TestStoreAway:
    def test_what_follows_is_done_when_it_is_back(
        self, live: LiveStore, open_desk: LiveDeskOpener, fake_services: FakeServices, clock: VirtualClock
    ) -> None:
        desk = open_desk()
        desk.cancel(ORDER_NUMBER, by="Ann")
        live.simulator.faults.add(Fault.SERVER_ERROR_HTML, method="POST", times=6)
        pass_minutes(desk, clock, 12)
        assert live.simulator.actual_status(ORDER_ID) == "Canceled"
        assert len(fake_services.writes) == 2
        assert len(notes(live)) == len(set(notes(live)))

    def test_away_while_the_service_is_asked(
        self, live: LiveStore, open_desk: LiveDeskOpener, fake_services: FakeServices, clock: VirtualClock
    ) -> None:
        desk = open_desk()
        desk.cancel(ORDER_NUMBER, by="Ann", send_now=False)
        ask = fake_services.__call__

        def away_from_then_on(request: bytes) -> bytes:
            if not fake_services.writes:
                live.simulator.faults.add(Fault.SERVER_ERROR_HTML, method="GET", times=60)
            return ask(request)

        with patch.object(FakeServices, "__call__", lambda _, request: away_from_then_on(request)):
            desk.run_due()
        pass_minutes(desk, clock, 40)
        assert set(case_states(desk).values()) == {State.CANCELED}
        assert fake_services.writes == ["mill cancel 77", "cart cancel 1042"]
        assert live.simulator.actual_status(ORDER_ID) == "Canceled"

    def test_a_lost_response_to_the_move(self, live: LiveStore, open_desk: LiveDeskOpener, clock: VirtualClock) -> None:
        live.simulator.faults.add(Fault.LOST_RESPONSE, method="POST", path="move-orders")
        cancel_everywhere(open_desk(), clock)
        assert live.simulator.actual_status(ORDER_ID) == "Canceled"
        assert len(live.calls("POST", "move-orders")) == 1


class TestShipments:
    def test_one_that_came_meanwhile_is_an_alarm_and_moves_nothing(
        self, live: LiveStore, open_desk: LiveDeskOpener, clock: VirtualClock
    ) -> None:
        desk = open_desk()
        desk.cancel(ORDER_NUMBER, by="Ann")
        clock.advance(minutes(1))
        live.simulator.add_tracking(ORDER_ID, {"tracking_number": "T1", "carrier_code": "UPS"})
        pass_minutes(desk, clock)
        assert case_at(desk, "mill").state is State.SHIPPED_ANYWAY
        assert live.simulator.actual_status(ORDER_ID) == "New"
        assert any("shipped anyway" in text for text in notes(live))

    def test_one_from_before_is_told(self, live: LiveStore, open_desk: LiveDeskOpener, clock: VirtualClock) -> None:
        live.simulator.add_tracking(ORDER_ID, {"tracking_number": "T1", "carrier_code": "UPS"})
        clock.advance(minutes(1))
        cancel_everywhere(open_desk(), clock)
        assert live.simulator.actual_status(ORDER_ID) == "Canceled"
        assert any("1 shipment from before" in text for text in notes(live))


class TestUnmappedNames:
    def test_the_plan_says_that_we_cannot_cancel_there(self, live: LiveStore, open_desk: LiveDeskOpener) -> None:
        desk = open_desk(connections={"The Mill": "mill"})
        (entry,) = [one for one in desk.cancellations.plan(ORDER_NUMBER).entries if one.connection != "mill"]
        assert entry.connection == "Paper Lantern Shop"
        assert '"Paper Lantern Shop" = "..."' in str(entry.problem)

    def test_a_person_must_settle_it_before_the_order_counts_as_canceled(
        self, live: LiveStore, open_desk: LiveDeskOpener, clock: VirtualClock
    ) -> None:
        desk = open_desk(connections={"The Mill": "", "Paper Lantern Shop": "cart"})
        live.simulator.submit_order(ORDER_ID, "Nobody Knows", "5")
        cancel_everywhere(desk, clock)
        assert case_at(desk, "Nobody Knows").state is State.ACTION_REQUIRED
        assert live.simulator.actual_status(ORDER_ID) == "New"
        desk.cases.confirm(case_at(desk, "Nobody Knows").id, by="Ann", note="canceled by phone")
        pass_minutes(desk, clock)
        assert live.simulator.actual_status(ORDER_ID) == "Canceled"


class TestOtherServices:
    def test_a_resubmission_is_a_linked_duplicate(
        self, live: LiveStore, open_desk: LiveDeskOpener, fake_services: FakeServices, clock: VirtualClock
    ) -> None:
        desk = open_desk()
        cancel_everywhere(desk, clock)
        live.simulator.faults.add(Fault.LOST_RESPONSE, method="POST", path="orders$")
        desk.resubmissions.create(ORDER_NUMBER, connection="mill", by="Ann")
        pass_minutes(desk, clock)
        copy = desk.orders.get("1042-1")
        assert desk.order_store.original_of(copy.id) == ORDER_ID
        assert [one.connection for one in desk.order_store.remote_orders(copy.id)] == ["mill"]
        assert "mill make 1042-1" in fake_services.writes
        assert len(live.calls("POST", "/orders")) == 1

    def test_rules_hear_of_moves(self, live: LiveStore, open_desk: LiveDeskOpener, clock: VirtualClock) -> None:
        rule = {"name": "Hold", "event": "order moved", "do": [{"action": "Cancel Order"}]}
        desk = open_desk(rules=[rule])
        desk.orders.move(ORDER_NUMBER, "Canceled", by="Ann")
        pass_minutes(desk, clock)
        assert set(case_states(desk).values()) == {State.CANCELED}

    def test_what_the_embedded_store_does_is_refused(self, open_desk: LiveDeskOpener) -> None:
        desk = open_desk()
        with pytest.raises(InvalidStateError, match="local order store"):
            desk.orders.import_orders([Order("1", "1")], by="Ann")
