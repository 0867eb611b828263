"""One damaged row of the ledger hurts what it is about, and nothing beside it; `doctor` names it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from attrs import evolve
from click.testing import CliRunner

from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import VirtualClock, hours
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.plugin.connection_settings import settings
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.routes import Portal
from orderdesk_sdk.rules.reader import read_rules
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from tests.support.ledgers import LedgerDatabase, PostgresDatabase

ORDERS = tuple(evolve(sample_order(), id=f"o{number}", number=f"104{number}") for number in range(3))
DAMAGED_ORDER, OTHER, LATER = ORDERS
PLACES = ("phone", "desk")


@settings
class NoSettings:
    """Nothing is to be set."""


class Phone:
    """A service that a person calls."""

    def __init__(self, slug: str) -> None:
        self._slug = slug

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(slug=self._slug, title=self._slug.title(), settings=NoSettings, cancel=(Portal("Call."),))


NO_TEXT = b"\xff" * 40

DAMAGES: Mapping[str, Callable[[str], object]] = {
    "half of it": lambda data: data[: len(data) // 2],
    "bytes": lambda data: b"\xff\xfe" + data.encode(),
    "text in no encoding": lambda data: NO_TEXT,
    "another type": lambda data: "[3]",
    "a word of a newer version": lambda data: data.replace("pending", "eaten").replace("order", "ordre"),
    "a number": lambda data: 7,
    "nested deep": lambda data: "[" * 50_000,
}
"""What a row's data may be in place of what was written."""


class Shop:
    """A desk with three orders at two places, whose ledger is damaged by hand."""

    def __init__(self, database: LedgerDatabase) -> None:
        self.database = database
        self.clock = VirtualClock()
        self._rules = read_rules(
            [{"name": "r", "event": "order moved", "when": "folder == 'Closed'", "do": ["Cancel Order"]}], "rules"
        )

    def open(self) -> Desk:
        registry = PluginRegistry(find=lambda group: [])
        for place in PLACES:
            registry.register(Phone(place), place)
        connections = {place: ConnectionConfig(place, place, {}, f"[{place}]") for place in PLACES}
        config = Config(self.database.location, connections, rules=self._rules)
        return Desk(config, clock=self.clock, registry=registry)

    def damage(self, what: str, damage: Callable[[str], object]) -> str:
        """Damage the data of one row that is about DAMAGED_ORDER, past all that guards it; its id."""
        select, update = ROWS[what]
        with self.database.unguarded() as db:
            name, data = db.execute(select, (DAMAGED_ORDER.id,)).fetchone()
            written = damage(data)
            if isinstance(self.database, PostgresDatabase) and not isinstance(written, str):
                pytest.skip("a column of PostgreSQL holds texts alone, and no byte that is none")
            db.execute(
                update.replace("= ? W", "= CAST(? AS TEXT) W") if written == NO_TEXT else update, (written, name)
            )
        return str(name)


ROWS: Mapping[str, tuple[str, str]] = {
    "case": (
        "SELECT id, data FROM cases WHERE order_id = ? AND connection = 'phone'",
        "UPDATE cases SET data = ? WHERE id = ?",
    ),
    "cancellation": (
        "SELECT id, data FROM cancellations WHERE order_id = ?",
        "UPDATE cancellations SET data = ? WHERE id = ?",
    ),
    "line": (
        (
            "SELECT sequence, history.texts FROM history, cases"
            " WHERE id = subject_id AND order_id = ? AND history.kind = 'note'"
        ),
        "UPDATE history SET texts = ? WHERE sequence = ?",
    ),
    "occurrence": (
        "SELECT id, data FROM order_events WHERE order_id = ? AND handled = 0",
        "UPDATE order_events SET data = ? WHERE id = ?",
    ),
    "registration": (
        "SELECT id, data FROM registrations WHERE order_id = ?",
        "UPDATE registrations SET data = ? WHERE id = ?",
    ),
}
"""By what is damaged: how a row of it is found, and written."""


@pytest.fixture
def shop(database: LedgerDatabase) -> Shop:
    made = Shop(database)
    with made.open() as desk:
        desk.orders.import_orders(ORDERS, by="Ann")
        for order in ORDERS:
            for place in PLACES:
                desk.order_store.add_remote_order(
                    order.id, RemoteOrder(place, order.number, made.clock.now(), ConnectionRole.FULFILLMENT), by="Ann"
                )
        for order in (DAMAGED_ORDER, OTHER):
            desk.cancel(order.id, by="Ann", send_now=False)
    return made


def others_go_on(desk: Desk) -> None:
    """Everything that is about other orders is done as ever."""
    desk.cancel(LATER.id, by="Ann", send_now=False)
    desk.run_due()
    for order in (OTHER, LATER):
        assert {case.state for case in desk.cases.list(order=order.id)} == {State.ACTION_REQUIRED}
        assert {case.message for case in desk.cases.list(order=order.id)} == {"Call."}
        for case in desk.cases.list(order=order.id):
            desk.cases.confirm(case.id, by="Ann")
        assert desk.cancellations.receipt(order.id).is_canceled
    assert desk.cases.list()
    desk.cases.list_others()


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("what", ["case", "cancellation", "line", "registration"])
def test_a_damaged_row_hurts_its_own_case_only(what: str, damage: str, shop: Shop) -> None:
    with shop.open() as desk:
        desk.cases.add_note(desk.cases.list(order=DAMAGED_ORDER.id)[0].id, "a line of its history", by="Ann")
        desk.ledger.begin_registration(Registration("x", DAMAGED_ORDER.id, "phone", shop.clock.now()))
    shop.damage(what, DAMAGES[damage])
    with shop.open() as desk:
        others_go_on(desk)
        shop.clock.advance(hours(30))
        desk.run_due()
        assert len(desk.cases.list()) == len(ORDERS) * len(PLACES)


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_place_of_a_damaged_case_is_asked_by_nobody_again_and_its_other_places_go_on(
    damage: str, shop: Shop
) -> None:
    name = shop.damage("case", DAMAGES[damage])
    with shop.open() as desk:
        problems = desk.run_due().problems
        assert any(name in problem and "cannot be read" in problem for problem in problems)
        cases = {case.connection: case for case in desk.cases.list(order=DAMAGED_ORDER.id)}
        assert cases["desk"].message == "Call."
        assert cases["phone"].state is State.ACTION_REQUIRED
        assert "damaged" in (cases["phone"].message or "")
        desk.cancel(DAMAGED_ORDER.id, by="Bob")
        assert len(desk.cases.list(order=DAMAGED_ORDER.id)) == len(PLACES)
        desk.cases.confirm(cases["desk"].id, by="Ann")
        assert not desk.cancellations.receipt(DAMAGED_ORDER.id).is_canceled
        with pytest.raises(StorageError, match="cannot be read"):
            desk.cases.confirm(cases["phone"].id, by="Ann")
        following = desk.run_due().next_due
        assert following is None or following > shop.clock.now(), "it makes nobody run in circles"


def test_doctor_names_every_damaged_row_and_the_remedy(shop: Shop, tmp_path: Path) -> None:
    named = [
        f"case {shop.damage('case', DAMAGES['half of it'])}",
        f"cancellation {shop.damage('cancellation', DAMAGES['another type'])}",
    ]
    location = shop.database.location
    url = f"sqlite:///{location}" if isinstance(location, Path) else location.reveal()
    (tmp_path / "orderdesk.toml").write_text(f'[ledger]\nurl = "{url}"\n')
    result = CliRunner().invoke(orderdesk, ["doctor", "--json", "--config", str(tmp_path / "orderdesk.toml")])
    findings = {found["location"]: found for found in json.loads(result.output)["checks"]}
    assert result.exit_code == 1
    for place in named:
        assert "cannot be read" in findings[place]["message"]
        assert "backup" in findings[place]["hint"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_rules_wait_for_is_handled_past_a_damaged_one(damage: str, shop: Shop) -> None:
    with shop.open() as desk:
        desk.rules.record_move(DAMAGED_ORDER.id, None, "Closed", "Ann")  # Written down, and then the process dies.
    shop.damage("occurrence", DAMAGES[damage])
    with shop.open() as desk:
        desk.orders.move(LATER.id, "Closed", by="Ann")
        assert len(desk.cases.list(order=LATER.id)) == len(PLACES)
        others_go_on(desk)
