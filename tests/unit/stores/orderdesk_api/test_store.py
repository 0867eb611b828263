"""The order store over Order Desk's API, judged by the simulated store that it calls."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from orderdesk_devkit.simulators.fault_queue import Fault
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.errors import (
    AmbiguousError,
    ConfigurationError,
    ConflictError,
    InvalidStateError,
    NotFoundError,
    ValidationError,
)
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.orders.references import OrderId, OrderNumber
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.stores.orderdesk_api.errors import (
    HistoryFullError,
    RejectedError,
    StoreUnavailableError,
    UnclearOutcomeError,
)
from orderdesk_sdk.stores.orderdesk_api.store import OrderDeskStore
from orderdesk_sdk.stores.store_records import LocalStoreRecords
from tests.support.order_desk import ORDER_ID, ORDER_NUMBER, LiveStore

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


def remote(connection: str = "mill", remote_id: str = ORDER_NUMBER) -> RemoteOrder:
    return RemoteOrder(connection, remote_id, AT, ConnectionRole.FULFILLMENT)


class TestGetOrder:
    def test_by_id_by_number_and_by_either(self, store: OrderDeskStore) -> None:
        found = {
            store.get_order(ref).id for ref in (OrderId(ORDER_ID), OrderNumber(ORDER_NUMBER), ORDER_NUMBER, ORDER_ID)
        }
        assert found == {ORDER_ID}

    @pytest.mark.parametrize("empty", ["list", "object"])
    @pytest.mark.parametrize("numbers", ["mixed", "texts", "numbers"])
    def test_whatever_types_the_store_writes(
        self, live: LiveStore, store: OrderDeskStore, numbers: str, empty: str
    ) -> None:
        live.simulator.set_option("numbers", numbers)
        live.simulator.set_option("empty_objects", empty)
        order = store.get_order(OrderId(ORDER_ID))
        assert ([line.quantity for line in order.lines], dict(order.metadata)) == ([2, 1], {})

    @pytest.mark.parametrize("refused", ["4xx", "200"])
    @pytest.mark.parametrize("ref", [OrderId("99999"), OrderNumber("99999"), "99999", "../store", OrderId("..")])
    def test_unknown_orders(self, live: LiveStore, store: OrderDeskStore, ref: str, refused: str) -> None:
        live.simulator.set_option("refused_as", refused)
        with pytest.raises((NotFoundError, RejectedError)):
            store.get_order(ref)

    def test_a_number_of_two_orders_is_ambiguous(self, live: LiveStore, store: OrderDeskStore) -> None:
        live.simulator.add_order(ORDER_NUMBER, lines=[("MUG", 1)])
        with pytest.raises(AmbiguousError) as error:
            store.get_order(ORDER_NUMBER)
        assert ORDER_ID in error.value.ids
        assert len(error.value.ids) == 2

    def test_another_order_in_the_response_is_malformed(self, live: LiveStore, store: OrderDeskStore) -> None:
        live.simulator.faults.add(Fault.WRONG_TYPES, method="GET")
        with pytest.raises(MalformedResponseError):
            store.get_order(OrderId(ORDER_ID))


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "expected"),
        [
            (Fault.SERVER_ERROR_HTML, StoreUnavailableError),
            (Fault.ERROR_WITHOUT_ERRORS, StoreUnavailableError),
            (Fault.RESET_BEFORE, StoreUnavailableError),
            (Fault.OK_HTML, MalformedResponseError),
            (Fault.OK_EMPTY, MalformedResponseError),
            (Fault.MALFORMED_JSON, MalformedResponseError),
            (Fault.TRUNCATED, StoreUnavailableError),
            (Fault.GARBAGE_GZIP, StoreUnavailableError),
            (Fault.REDIRECT, (ConfigurationError, MalformedResponseError)),
        ],
    )
    def test_of_a_read(
        self,
        live: LiveStore,
        store: OrderDeskStore,
        fault: Fault,
        expected: type[Exception] | tuple[type[Exception], ...],
    ) -> None:
        live.simulator.faults.add(fault, method="GET", times=9)
        with pytest.raises(expected):
            store.get_order(OrderId(ORDER_ID))

    def test_wrong_key(self, live: LiveStore) -> None:
        with live.opened(store_id="77") as store, pytest.raises(ConfigurationError, match="api_key"):
            store.get_order(OrderId(ORDER_ID))

    def test_nothing_of_people_and_no_key_in_logs_and_errors(
        self, live: LiveStore, store: OrderDeskStore, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        told = []
        for fault in Fault:
            if fault in (Fault.SLOW_DRIP, Fault.DELAY, Fault.OVERSIZED):
                continue
            for call in (
                lambda: store.get_order(OrderId(ORDER_ID)),
                lambda: store.add_remote_order(OrderId(ORDER_ID), remote(), by="Ann"),
                lambda: store.duplicate(OrderId(ORDER_ID), by="Ann"),
                store.profile,
            ):
                live.simulator.faults.add(fault, times=2)
                try:
                    call()
                except Exception as error:  # noqa: BLE001 - whatever comes of it, it must tell nothing
                    told.append(f"{error!r} {error} {error.__cause__!r} {error.__context__!r}")
        live.simulator.misuses.clear()
        everything = "\n".join([*told, caplog.text])
        for canary in (live.simulator.api_key, "Lindqvist", "Alder Street", "nora.", "503-555", "smtp"):
            assert canary not in everything


class TestEtiquette:
    def test_each_call_names_its_program_and_where_to_write(self, live: LiveStore, store: OrderDeskStore) -> None:
        store.get_order(ORDER_NUMBER)
        agents = {request.headers["user-agent"] for request in live.simulator.requests}
        (agent,) = agents
        assert agent.startswith("orderdesk-sdk/")
        assert agent.endswith(" (+ops@example.com)")

    def test_calls_stay_within_the_bucket(self, live: LiveStore, store: OrderDeskStore) -> None:
        for _ in range(60):
            store.get_order(OrderId(ORDER_ID))
        assert {request.status for request in live.simulator.requests} == {200}

    @pytest.mark.parametrize("headers", ["both", "X-Retry-After only", "none"])
    def test_a_bucket_that_others_empty_is_waited_for(
        self, live: LiveStore, store: OrderDeskStore, headers: str
    ) -> None:
        live.simulator.set_option("rate_headers", headers)
        live.simulator.bucket.empty(live.clock.monotonic())
        assert store.get_order(OrderId(ORDER_ID)).id == ORDER_ID

    def test_an_order_is_not_read_again_within_a_second(self, live: LiveStore) -> None:
        with live.opened(reuse_reads_for=60) as store:
            for _ in range(5):
                store.remote_orders(store.get_order(OrderId(ORDER_ID)).id)
        assert len(live.calls("GET", f"/{ORDER_ID}")) == 1


class TestRemoteOrders:
    def test_the_cart_comes_from_the_source(self, store: OrderDeskStore) -> None:
        (cart,) = store.remote_orders(ORDER_ID)
        assert (cart.connection, cart.remote_id, cart.role) == ("shop", ORDER_NUMBER, ConnectionRole.CART)

    def test_services_come_from_the_order_and_its_items(self, live: LiveStore, store: OrderDeskStore) -> None:
        live.simulator.submit_order(ORDER_ID, "Bay Photo", "BP-9")
        live.simulator.set_fulfillment_method(ORDER_ID, "MUG-11", "mill")
        live.simulator.set_fulfillment_method(ORDER_ID, "CANVAS-12X16", "Bay Photo")
        found = {one.connection: one.remote_id for one in store.remote_orders(ORDER_ID)}
        assert found == {"shop": ORDER_NUMBER, "bay": "BP-9", "mill": ORDER_NUMBER}

    @pytest.mark.parametrize(("methods", "expected"), [("submitted", set()), ("always", {"mill"}), ("never", set())])
    def test_methods_of_an_order_that_was_not_submitted(
        self, live: LiveStore, methods: str, expected: set[str]
    ) -> None:
        live.simulator.set_fulfillment_method(ORDER_ID, "MUG-11", "mill")
        with live.opened(item_methods=methods) as store:
            assert {one.connection for one in store.remote_orders(ORDER_ID)} - {"shop"} == expected

    def test_number_where_the_service_gave_none(self, live: LiveStore) -> None:
        live.simulator.submit_order(ORDER_ID, "The Mill")
        with live.opened(remote_number="id") as store:
            assert {one.remote_id for one in store.remote_orders(ORDER_ID)} == {ORDER_NUMBER, ORDER_ID}

    @pytest.mark.parametrize("name", ["Twin", "Nobody Knows"])
    def test_what_no_connection_stands_for_is_told_by_its_name(
        self, live: LiveStore, store: OrderDeskStore, name: str
    ) -> None:
        live.simulator.submit_order(ORDER_ID, name)
        assert {one.connection for one in store.remote_orders(ORDER_ID)} == {"shop", name}

    def test_the_configuration_says_what_a_name_stands_for(self, live: LiveStore) -> None:
        live.simulator.submit_order(ORDER_ID, "Twin")
        with live.opened(connections={"twin": "bay-3", "Paper Lantern Shop": ""}) as store:
            assert [one.connection for one in store.remote_orders(ORDER_ID)] == ["bay-3"]

    def test_registering_is_noted_with_the_order(self, live: LiveStore, store: OrderDeskStore) -> None:
        live.simulator.edit_order(ORDER_ID, {"order_metadata": {"theirs": "kept"}})
        store.add_remote_order(ORDER_NUMBER, remote(), by="Ann")
        store.add_remote_order(ORDER_NUMBER, remote(), by="Ann")
        with live.opened() as another:
            assert remote() in another.remote_orders(ORDER_ID)
            assert another.get_order(ORDER_ID).metadata["theirs"] == "kept"
        assert len(live.calls("PUT")) == 1
        assert "Registered at mill as 1042" in live.simulator.history(ORDER_ID)[-1]["note"]

    def test_registering_refuses_what_contradicts(self, live: LiveStore, store: OrderDeskStore) -> None:
        live.simulator.submit_order(ORDER_ID, "Bay Photo", "BP-9")
        store.add_remote_order(ORDER_NUMBER, remote(), by="Ann")
        for wrong in (remote(remote_id="7"), remote("bay"), remote("", "7")):
            with pytest.raises(ValidationError):
                store.add_remote_order(ORDER_NUMBER, wrong, by="Ann")
        with pytest.raises(ValidationError, match=f"order id {ORDER_ID}"):
            store.add_remote_order("1043", remote(), by="Ann")

    def test_found_by_the_number_at_a_connection(self, live: LiveStore, store: OrderDeskStore) -> None:
        live.simulator.submit_order(ORDER_ID, "Bay Photo", "BP-9")
        assert store.find_by_remote_id("bay", "BP-9") is None  # No call finds it before it was read.
        store.remote_orders(ORDER_ID)
        assert store.find_by_remote_id("bay", "BP-9") == ORDER_ID
        assert store.find_by_remote_id("shop", "1043") == "58102"

    def test_damaged_notes_are_not_passed_over(self, live: LiveStore, store: OrderDeskStore) -> None:
        live.simulator.edit_order(ORDER_ID, {"order_metadata": {"orderdesk_sdk": '{"at": [["mi'}})
        with pytest.raises(ValidationError, match="orderdesk_sdk"):
            store.remote_orders(ORDER_ID)

    def test_statuses_are_kept_and_never_sent(self, live: LiveStore) -> None:
        records = LocalStoreRecords()
        with live.opened(records) as store:
            store.record_status(ORDER_ID, "shop", "packed", AT)
            store.record_status(ORDER_ID, "shop", "earlier", AT - minutes(1))
            with pytest.raises(NotFoundError):
                store.record_status(ORDER_ID, "mill", "packed", AT)
        with live.opened(records) as store:
            assert store.remote_orders(ORDER_ID)[0].status == "packed"
        assert {request.method for request in live.simulator.requests} == {"GET"}


class TestConcurrentEdits:
    @pytest.mark.parametrize("conflict", ["accepted", "409"])
    def test_an_edit_after_our_read_is_kept(self, live: LiveStore, store: OrderDeskStore, conflict: str) -> None:
        live.simulator.set_option("put_conflict", conflict)
        live.simulator.set_option("edit_meanwhile", "after the next read", remote_id=ORDER_ID)
        store.add_remote_order(OrderId(ORDER_ID), remote(), by="Ann")
        assert remote() in store.remote_orders(ORDER_ID)

    def test_an_edit_before_our_write_that_the_store_notices(self, live: LiveStore, store: OrderDeskStore) -> None:
        live.simulator.set_option("put_conflict", "409")
        live.simulator.set_option("edit_meanwhile", "before the next write", remote_id=ORDER_ID)
        store.add_remote_order(OrderId(ORDER_ID), remote(), by="Ann")
        assert remote() in store.remote_orders(ORDER_ID)

    def test_endless_edits_end_in_a_conflict(self, live: LiveStore, store: OrderDeskStore) -> None:
        live.simulator.set_option("edit_meanwhile", "after each read", remote_id=ORDER_ID)
        with pytest.raises(ConflictError):
            store.add_remote_order(OrderId(ORDER_ID), remote(), by="Ann")
        assert live.calls("PUT") == []

    @pytest.mark.parametrize(
        "fault", [Fault.LOST_RESPONSE, Fault.SERVER_ERROR_HTML_AFTER, Fault.RESET_BEFORE, Fault.OK_HTML]
    )
    def test_a_lost_response_is_found_out(self, live: LiveStore, store: OrderDeskStore, fault: Fault) -> None:
        live.simulator.faults.add(fault, method="PUT")
        store.add_remote_order(OrderId(ORDER_ID), remote(), by="Ann")
        assert remote() in store.remote_orders(ORDER_ID)

    @pytest.mark.parametrize("over", ["cut", "refused"])
    def test_metadata_that_is_too_long_is_never_sent(self, live: LiveStore, store: OrderDeskStore, over: str) -> None:
        live.simulator.set_option("metadata_over", over)
        live.simulator.edit_order(ORDER_ID, {"order_metadata": {"theirs": "x" * 1950}})
        with pytest.raises(InvalidStateError, match="2,000"):
            store.add_remote_order(OrderId(ORDER_ID), remote(), by="Ann")
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
        store.add_remote_order(ORDER_NUMBER, remote(), by="Ann")
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
