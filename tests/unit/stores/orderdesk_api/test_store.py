"""The order store over Order Desk's API, judged by the simulated store that it calls."""

from __future__ import annotations

import logging

import pytest

from orderdesk_devkit.simulators.fault_queue import Fault
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.errors import (
    AmbiguousError,
    ConfigurationError,
    NotFoundError,
    OrderDeskError,
    ValidationError,
)
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.orders.references import OrderId, OrderNumber
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.stores.orderdesk_api.errors import (
    RejectedError,
    StoreUnavailableError,
)
from orderdesk_sdk.stores.orderdesk_api.store import OrderDeskStore
from orderdesk_sdk.stores.store_records import LocalStoreRecords
from tests.support.order_desk import AT, ORDER_ID, ORDER_NUMBER, LiveStore, remote_order


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

    def test_a_wrong_url_is_told_from_a_wrong_id(self, live: LiveStore) -> None:
        with live.opened(url=f"{live.url}/api/v1") as store, pytest.raises(NotFoundError) as told:
            store.resolve_folder_name("Canceled")
        assert told.value.hint == "check [orders].url"

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
                lambda: store.add_remote_order(OrderId(ORDER_ID), remote_order(), by="Ann"),
                lambda: store.duplicate(OrderId(ORDER_ID), by="Ann"),
                store.profile,
            ):
                live.simulator.faults.add(fault, times=2)
                try:
                    call()
                except OrderDeskError as error:  # And no other: whatever comes, it is said what to do.
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
        store.add_remote_order(ORDER_NUMBER, remote_order(), by="Ann")
        store.add_remote_order(ORDER_NUMBER, remote_order(), by="Ann")
        with live.opened() as another:
            assert remote_order() in another.remote_orders(ORDER_ID)
            assert another.get_order(ORDER_ID).metadata["theirs"] == "kept"
        assert len(live.calls("PUT")) == 1
        assert "Registered at mill as 1042" in live.simulator.history(ORDER_ID)[-1]["note"]

    def test_registering_refuses_what_contradicts(self, live: LiveStore, store: OrderDeskStore) -> None:
        live.simulator.submit_order(ORDER_ID, "Bay Photo", "BP-9")
        store.add_remote_order(ORDER_NUMBER, remote_order(), by="Ann")
        for wrong in (remote_order(remote_id="7"), remote_order("bay"), remote_order("", "7")):
            with pytest.raises(ValidationError):
                store.add_remote_order(ORDER_NUMBER, wrong, by="Ann")
        with pytest.raises(ValidationError, match=f"order id {ORDER_ID}"):
            store.add_remote_order("1043", remote_order(), by="Ann")

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
