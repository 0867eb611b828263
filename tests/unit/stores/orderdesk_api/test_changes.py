"""What the order store changes at Order Desk, and what becomes of lost responses and of others at work."""

from __future__ import annotations

import pytest

from orderdesk_devkit.simulators.fault_queue import Fault
from orderdesk_sdk.errors import (
    AmbiguousError,
    ConflictError,
    InvalidStateError,
    NotFoundError,
    ValidationError,
)
from orderdesk_sdk.orders.references import OrderId
from orderdesk_sdk.stores.orderdesk_api.errors import (
    HistoryFullError,
    RejectedError,
    StoreUnavailableError,
    UnclearOutcomeError,
)
from orderdesk_sdk.stores.orderdesk_api.store import OrderDeskStore
from tests.support.order_desk import ORDER_ID, ORDER_NUMBER, LiveStore, remote_order


class TestConcurrentEdits:
    @pytest.mark.parametrize("conflict", ["accepted", "409"])
    def test_an_edit_after_our_read_is_kept(self, live: LiveStore, store: OrderDeskStore, conflict: str) -> None:
        live.simulator.set_option("put_conflict", conflict)
        live.simulator.set_option("edit_meanwhile", "after the next read", remote_id=ORDER_ID)
        store.add_remote_order(OrderId(ORDER_ID), remote_order(), by="Ann")
        assert remote_order() in store.remote_orders(ORDER_ID)

    def test_an_edit_before_our_write_that_the_store_notices(self, live: LiveStore, store: OrderDeskStore) -> None:
        live.simulator.set_option("put_conflict", "409")
        live.simulator.set_option("edit_meanwhile", "before the next write", remote_id=ORDER_ID)
        store.add_remote_order(OrderId(ORDER_ID), remote_order(), by="Ann")
        assert remote_order() in store.remote_orders(ORDER_ID)

    def test_endless_edits_end_in_a_conflict(self, live: LiveStore, store: OrderDeskStore) -> None:
        live.simulator.set_option("edit_meanwhile", "after each read", remote_id=ORDER_ID)
        with pytest.raises(ConflictError):
            store.add_remote_order(OrderId(ORDER_ID), remote_order(), by="Ann")
        assert live.calls("PUT") == []

    @pytest.mark.parametrize(
        "fault", [Fault.LOST_RESPONSE, Fault.SERVER_ERROR_HTML_AFTER, Fault.RESET_BEFORE, Fault.OK_HTML]
    )
    def test_a_lost_response_is_found_out(self, live: LiveStore, store: OrderDeskStore, fault: Fault) -> None:
        live.simulator.faults.add(fault, method="PUT")
        store.add_remote_order(OrderId(ORDER_ID), remote_order(), by="Ann")
        assert remote_order() in store.remote_orders(ORDER_ID)

    @pytest.mark.parametrize("over", ["cut", "refused"])
    def test_metadata_that_is_too_long_is_never_sent(self, live: LiveStore, store: OrderDeskStore, over: str) -> None:
        live.simulator.set_option("metadata_over", over)
        live.simulator.edit_order(ORDER_ID, {"order_metadata": {"theirs": "x" * 1950}})
        with pytest.raises(InvalidStateError, match="2,000"):
            store.add_remote_order(OrderId(ORDER_ID), remote_order(), by="Ann")
        assert live.calls("PUT") == []


class TestHistory:
    @pytest.mark.parametrize("single", ["absent", "given"])
    def test_a_note_is_written_once_by_its_key(self, live: LiveStore, store: OrderDeskStore, single: str) -> None:
        live.simulator.set_option("single_history", single)
        for _ in range(3):
            store.add_receipt(ORDER_ID, "canceled at mill", by="Ann", key="settled 1")
        with live.opened() as another:
            another.add_receipt(ORDER_ID, "canceled at mill", by="Ann", key="settled 1")
        notes = [entry["note"] for entry in live.simulator.history(ORDER_ID)]
        assert [note.partition("] ")[2] for note in notes] == ["canceled at mill (by Ann)"]

    @pytest.mark.parametrize("fault", [Fault.LOST_RESPONSE, Fault.SERVER_ERROR_HTML_AFTER, Fault.MALFORMED_JSON])
    def test_a_lost_response_leads_to_no_second_note(
        self, live: LiveStore, store: OrderDeskStore, fault: Fault
    ) -> None:
        live.simulator.faults.add(fault, method="POST")
        store.add_history(ORDER_NUMBER, "noted", by="Ann")
        assert len(live.simulator.history(ORDER_ID)) == 1

    def test_a_request_that_was_lost_is_sent_again(self, live: LiveStore, store: OrderDeskStore) -> None:
        live.simulator.faults.add(Fault.SERVER_ERROR_HTML, method="POST")
        store.add_history(ORDER_NUMBER, "noted", by="Ann")
        assert len(live.simulator.history(ORDER_ID)) == 1

    def test_twice_lost_is_unclear(self, live: LiveStore, store: OrderDeskStore) -> None:
        live.simulator.faults.add(Fault.SERVER_ERROR_HTML, method="POST", times=2)
        with pytest.raises(UnclearOutcomeError):
            store.add_history(ORDER_NUMBER, "noted", by="Ann")

    @pytest.mark.parametrize("over", ["cut", "refused"])
    def test_a_long_text_becomes_several_entries(self, live: LiveStore, store: OrderDeskStore, over: str) -> None:
        live.simulator.set_option("history_note_over", over)
        store.add_history(ORDER_NUMBER, "z" * 4000, by="Ann" * 90)
        notes = [entry["note"] for entry in live.simulator.history(ORDER_ID)]
        assert sum(note.count("z") for note in notes) == 4000

    def test_half_a_character_keeps_no_note_from_being_written(self, live: LiveStore, store: OrderDeskStore) -> None:
        store.add_history(ORDER_NUMBER, "half \ud800 a character\x00", by="Ann\udc00")
        (entry,) = live.simulator.history(ORDER_ID)
        assert entry["note"].partition("] ")[2] == "half ? a character (by Ann?)"

    @pytest.mark.parametrize("full", ["4xx", "200"])
    def test_a_full_history(self, live: LiveStore, store: OrderDeskStore, full: str) -> None:
        live.simulator.set_option("history_full", full)
        live.simulator.fill_history(ORDER_ID, 248)
        store.add_history(ORDER_NUMBER, "the last but one", by="Ann")
        for text in ("one too many", "another"):
            with pytest.raises(HistoryFullError, match="250"):
                store.add_history(ORDER_NUMBER, text, by="Ann")
        notes = [entry["note"] for entry in live.simulator.history(ORDER_ID)]
        assert (len(notes), notes[-1]) == (
            250,
            "[od-full] This history is full. What follows is in the receipt of the order only.",
        )

    def test_order_notes_are_left_alone(self, live: LiveStore, store: OrderDeskStore) -> None:
        before = store.get_order(ORDER_NUMBER).notes
        store.add_history(ORDER_NUMBER, "noted", by="Ann")
        store.add_remote_order(ORDER_NUMBER, remote_order(), by="Ann")
        assert store.get_order(ORDER_NUMBER).notes == before


class TestMove:
    def test_by_the_folders_id(self, live: LiveStore, store: OrderDeskStore) -> None:
        moved = store.move(ORDER_NUMBER, "canceled", by="Ann")
        assert (moved.source, moved.destination, store.folder_of(ORDER_NUMBER)) == ("New", "Canceled", "Canceled")
        assert '"destination_folder_id"' in next(
            one.body.decode() for one in live.simulator.requests if one.path.endswith("move-orders")
        )

    def test_into_the_present_folder_sends_nothing(self, live: LiveStore, store: OrderDeskStore) -> None:
        moved = store.move(ORDER_NUMBER, "New", by="Ann")
        assert moved.source == moved.destination == "New"
        assert live.calls("POST") == []

    def test_no_such_folder_and_two_of_one_name(self, live: LiveStore, store: OrderDeskStore) -> None:
        with pytest.raises(NotFoundError, match="New, Prepared, Closed, Canceled"):
            store.move(ORDER_NUMBER, "Cancelled", by="Ann")
        live.simulator.add_folder("Canceled")
        with pytest.raises(AmbiguousError, match="2 folders"):
            store.move(ORDER_NUMBER, "Canceled", by="Ann")
        assert live.calls("POST") == []

    def test_a_folder_renamed_since_it_was_looked_up(self, live: LiveStore, store: OrderDeskStore) -> None:
        assert store.resolve_folder_name("canceled") == "Canceled"
        live.simulator.rename_folder("Canceled", "Archive")
        live.simulator.add_folder("Canceled")
        store.move(ORDER_NUMBER, "Canceled", by="Ann")
        assert live.simulator.actual_status(ORDER_ID) == "Canceled"

    def test_a_folder_renamed_while_we_move(self, live: LiveStore, store: OrderDeskStore) -> None:
        live.simulator.set_option("folder_renamed", "after the next GET /store")
        store.move(OrderId(ORDER_ID), "Canceled", by="Ann")
        assert live.simulator.actual_status(ORDER_ID) == "Canceled (old)"
        with pytest.raises(NotFoundError, match="Canceled \\(old\\)"):
            store.move(OrderId(ORDER_ID), "Closed", by="Ann")

    @pytest.mark.parametrize("refused", ["4xx", "200"])
    @pytest.mark.parametrize("fate", ["refused", "missing"])
    def test_an_order_that_was_not_moved(self, live: LiveStore, store: OrderDeskStore, fate: str, refused: str) -> None:
        live.simulator.set_option("refused_as", refused)
        live.simulator.set_option("move_fate", fate, remote_id=ORDER_ID)
        with pytest.raises(RejectedError, match="did not move"):
            store.move(ORDER_NUMBER, "Canceled", by="Ann")

    def test_a_lost_response(self, live: LiveStore, store: OrderDeskStore) -> None:
        live.simulator.faults.add(Fault.LOST_RESPONSE, method="POST", path="move-orders")
        store.move(ORDER_NUMBER, "Canceled", by="Ann")
        assert len(live.calls("POST", "move-orders")) == 1
        live.simulator.faults.add(Fault.SERVER_ERROR_HTML, method="POST", path="move-orders")
        with pytest.raises(StoreUnavailableError):
            store.move(ORDER_NUMBER, "Closed", by="Ann")
        store.move(ORDER_NUMBER, "Closed", by="Ann")
        assert live.simulator.actual_status(ORDER_ID) == "Closed"

    @pytest.mark.parametrize("fault", [Fault.MALFORMED_JSON, Fault.WRONG_TYPES, Fault.OK_HTML, Fault.SERVER_ERROR_HTML])
    def test_a_history_that_cannot_be_read_undoes_no_move(
        self, live: LiveStore, store: OrderDeskStore, fault: Fault
    ) -> None:
        live.simulator.faults.add(fault, method="GET", path="orders$", times=9)
        moved = store.move(OrderId(ORDER_ID), "Canceled", by="Ann")
        assert (moved.source, moved.destination) == ("New", "Canceled")


class TestDuplicate:
    def test_linked_both_ways_and_submitted_nowhere(self, live: LiveStore, store: OrderDeskStore) -> None:
        live.simulator.submit_order(ORDER_ID, "Bay Photo", "BP-9")
        live.simulator.set_fulfillment_method(ORDER_ID, "MUG-11", "mill")
        live.simulator.add_tracking(ORDER_ID, {"tracking_number": "T1", "carrier_code": "UPS"})
        copy = store.duplicate(ORDER_NUMBER, by="Ann")
        assert (copy.number, copy.fulfillment_name, copy.shipments) == ("1042-1", "", ())
        assert store.remote_orders(copy.id) == ()
        assert store.original_of(copy.id) == ORDER_ID
        assert copy.shipping == store.get_order(ORDER_ID).shipping
        assert [line.code for line in copy.lines] == [line.code for line in store.get_order(ORDER_ID).lines]
        assert copy.id in str(store.get_order(ORDER_ID).metadata)
        assert store.next_free_number(copy.id) == "1042-2"

    @pytest.mark.parametrize("fault", [Fault.LOST_RESPONSE, Fault.SERVER_ERROR_HTML_AFTER, Fault.MALFORMED_JSON])
    def test_a_lost_response_makes_no_second_order(self, live: LiveStore, store: OrderDeskStore, fault: Fault) -> None:
        live.simulator.faults.add(fault, method="POST", path="orders$")
        copy = store.duplicate(ORDER_NUMBER, by="Ann", number="1042-7")
        again = store.duplicate(ORDER_NUMBER, by="Ann", number="1042-7")
        assert copy.id == again.id
        assert len(live.calls("POST", "/orders")) == 1

    def test_a_link_that_a_crash_left_out_is_completed(self, live: LiveStore, store: OrderDeskStore) -> None:
        live.simulator.faults.add(Fault.SERVER_ERROR_HTML, method="PUT", times=6)
        with pytest.raises(ConflictError):
            store.duplicate(ORDER_NUMBER, by="Ann", number="1042-7")
        copy = store.duplicate(ORDER_NUMBER, by="Ann", number="1042-7")
        assert copy.id in str(store.get_order(ORDER_ID).metadata)
        assert len(live.calls("POST", "/orders")) == 1

    def test_a_number_that_another_order_has(self, store: OrderDeskStore) -> None:
        for number in ("1043", " "):
            with pytest.raises(ValidationError, match="blank or belongs"):
                store.duplicate(ORDER_NUMBER, by="Ann", number=number)


class TestNothingIsEverDeleted:
    def test_and_the_secrets_of_the_store_are_not_kept(self, live: LiveStore, store: OrderDeskStore) -> None:
        profile = store.profile()
        assert "secret" not in repr(profile).lower()
        assert live.simulator.api_key not in repr(profile)
        assert (profile.id, str(profile.timezone)) == (live.simulator.store_id, "America/Los_Angeles")
        store.ping()
        assert live.calls("DELETE") == []
