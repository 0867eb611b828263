"""A desk with a hostile integration, one that cannot be imported, hostile listeners, and a healthy one that is settled.

All of them are found as they are in a shop: installed, by their entry points. The healthy one is orderdesk-reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from attrs import frozen

from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.testing.harness import LINES, ORDER, connection_config, harness_order
from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_hostile.kinds import KINDS
from orderdesk_hostile.simulator import KEY, HostileSimulator
from orderdesk_reference.simulator import MakerSimulator
from orderdesk_sdk import (
    CancelCase,
    Config,
    ConnectionConfig,
    ConnectionRole,
    Desk,
    DeskLimits,
    EvidenceKind,
    PluginRegistry,
    RemoteOrder,
    State,
    VirtualClock,
    minutes,
)
from orderdesk_sdk.desk.documents import case_document, plan_document, receipt_document
from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

BROKEN = "hostile-part"
NEIGHBORS = ("hostile", BROKEN, "reference")


@frozen
class Street:
    """A desk and those at whose doors the order is. stranger: whom nobody has a reason to call."""

    desk: Desk
    clock: VirtualClock
    stranger: RawServer

    def cancel(self) -> dict[str, CancelCase]:
        """Cancel at all of them and let half an hour pass; the cases by connection."""
        self.desk.cancel(ORDER, by="Ann", reason="customer asked")
        for _ in range(6):
            assert self.desk.run_due().problems == ()
            self.clock.advance(minutes(5))
        return {case.connection: case for case in self.desk.cases.list(order=ORDER)}


@pytest.fixture
def street(kind: str, tmp_path: Path) -> Iterator[Street]:
    clock, registry = VirtualClock(), PluginRegistry()
    with ExitStack() as stack:
        stranger = stack.enter_context(RawServer(responding(lambda _: http_response(200, b"{}"))))
        connections = {BROKEN: ConnectionConfig(BROKEN, BROKEN, {}, f"[connections.{BROKEN}]")}
        for slug, simulator in (("hostile", HostileSimulator(clock)), ("reference", MakerSimulator(clock))):
            simulator.add_order(ORDER, lines=LINES)
            table = dict(simulator.settings(stack.enter_context(serve(simulator.app)).url))
            table |= {"kind": kind, "stranger": stranger.url} if slug == "hostile" else {}
            connections[slug] = connection_config(slug, table, registry)
        # Short patience: each look at one that hangs takes all of it.
        config = Config(tmp_path / "desk.db", connections)
        desk = stack.enter_context(Desk(config, clock=clock, registry=registry, limits=DeskLimits(plugin_timeout=0.3)))
        assert isinstance(desk.order_store, SqliteOrderStore)
        desk.order_store.import_orders([harness_order(ORDER, LINES, {})], by="Ann")
        for connection in NEIGHBORS:
            remote_order = RemoteOrder(connection, ORDER, clock.now(), ConnectionRole.FULFILLMENT)
            desk.order_store.add_remote_order(desk.order_store.get_order(ORDER).id, remote_order, by="Ann")
        yield Street(desk, clock, stranger)


@pytest.mark.parametrize("kind", KINDS)
def test_the_neighbor_is_settled_whatever_a_plugin_does(kind: str, street: Street) -> None:
    cases = street.cancel()
    healthy = cases["reference"]
    assert healthy.state is State.CANCELED
    assert healthy.evidence is not None
    assert healthy.evidence.kind is EvidenceKind.POLLED_STATUS
    for slug in ("hostile", BROKEN):
        assert not cases[slug].is_open or cases[slug].due_at is not None, "law 7"
    # Who lies to a poll is believed, at its own connection: what it says is all the evidence that there is.
    assert (cases["hostile"].state is State.CANCELED) == (kind == "lies")
    assert cases[BROKEN].state is State.ACTION_REQUIRED
    assert "orderdesk_hostile_absent" in (cases[BROKEN].plugin_error or "")


@pytest.mark.parametrize("kind", KINDS)
def test_its_key_is_shown_to_nobody(kind: str, street: Street, tmp_path: Path) -> None:
    street.cancel()
    desk = street.desk
    shown = [
        plan_document(desk.cancellations.plan(ORDER)),
        receipt_document(desk.cancellations.receipt(ORDER)),
        *map(case_document, desk.cases.list()),
    ]
    assert KEY not in f"{shown}{desk.cases.list()}"
    assert not any(KEY.encode() in file.read_bytes() for file in tmp_path.iterdir())
    assert street.stranger.received == b""


@pytest.mark.parametrize("kind", ["raises"])
def test_a_listener_that_fails_is_noted_and_stops_nobody(kind: str, street: Street) -> None:
    healthy = street.cancel()["reference"]
    notes = [str(entry.content) for entry in street.desk.ledger.history(healthy.id)]
    assert any("the listener hostile failed in orderdesk_before_cancel: KeyError" in note for note in notes)
    assert any("the listener hostile failed in orderdesk_case_changed: SystemExit" in note for note in notes)
    assert set(street.desk.listeners.errors) == {BROKEN}


def test_one_that_cannot_be_imported_is_listed_and_the_others_load() -> None:
    registry = PluginRegistry()
    assert set(NEIGHBORS) <= set(registry.slugs())
    with pytest.raises(PluginError, match="orderdesk_hostile_absent"):
        registry.load(BROKEN)
    assert registry.load("reference").integration.title == "Reference maker"
