"""Connections that are made while desks run: stored, sealed, taken up by every process, and switched off."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.connection_admin.records import ConnectionChange
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.health import HealthStatus
from orderdesk_sdk.errors import ConfigurationError, ConflictError, NotFoundError, ValidationError
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.secret import Secret
from tests.support.ledgers import DATABASE_PARAMS, LedgerDatabase, open_database, shared_folder
from tests.support.stored_connections import CANARY, KEY, OTHER_KEY, add_order, open_toy_desk, toy_change
from tests.support.toy_simulators import KEY as SHOP_KEY
from tests.support.toy_simulators import ToyShop


@pytest.fixture(params=DATABASE_PARAMS)
def database(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LedgerDatabase]:
    with open_database(request.param, tmp_path, shared_folder(tmp_path_factory)) as opened:
        yield opened


class DeskOpener(Protocol):
    """Opens a desk on the one ledger of a test, as another process would; keywords are those of `open_toy_desk`."""

    def __call__(self, **changed: object) -> Desk: ...


@pytest.fixture
def open_desk(database: LedgerDatabase, tmp_path: Path, clock: VirtualClock) -> Iterator[DeskOpener]:
    with ExitStack() as stack:

        def open_(**changed: object) -> Desk:
            return stack.enter_context(
                open_toy_desk(database.location, tmp_path / "orders.db", clock, **changed)  # type: ignore[arg-type]  # each test names what it is about
            )

        yield open_


@pytest.fixture
def shop(clock: VirtualClock) -> Iterator[tuple[ToyShop, str]]:
    simulator = ToyShop(clock)
    with serve(simulator.app) as served:
        yield simulator, served.url


def test_a_desk_that_runs_takes_up_a_connection_made_in_another_process_and_cancels_through_it(
    open_desk: DeskOpener, shop: tuple[ToyShop, str], clock: VirtualClock
) -> None:
    simulator, url = shop
    worker, console = open_desk(), open_desk()
    assert worker.connections.names() == ()
    console.connection_admin.save(toy_change(endpoint=url, secret=SHOP_KEY), by="Ann")
    add_order(console, "1042", "toys")
    simulator.add_order("1042", lines=())
    console.cancel("1042", by="Ann", send_now=False)
    assert worker.run_due().problems == ()
    assert worker.connections.names() == ("toys",)
    assert [record.remote_id for record in simulator.log] == ["1042"]
    clock.advance(minutes(5))
    worker.run_due()
    assert [case.state for case in console.cases.list(order="1042")] == [State.CANCELED]


def test_cases_of_a_connection_that_is_switched_off_wait_with_a_reason_and_go_on_when_it_is_on_again(
    open_desk: DeskOpener, shop: tuple[ToyShop, str], clock: VirtualClock
) -> None:
    simulator, url = shop
    worker, console = open_desk(), open_desk()
    console.connection_admin.save(toy_change(endpoint=url, secret=SHOP_KEY), by="Ann")
    add_order(console, "1042", "toys")
    simulator.add_order("1042", lines=())
    console.connection_admin.set_enabled("toys", enabled=False, by="Ann")
    assert console.connections.names() == ()
    with pytest.raises(NotFoundError, match="switched off"):
        console.connections.get("toys")
    worker.connection_admin.set_enabled("toys", enabled=True, by="Ann")
    worker.cancel("1042", by="Ann", send_now=False)
    worker.connection_admin.set_enabled("toys", enabled=False, by="Ann")
    console.run_due()
    (case,) = console.cases.list(order="1042")
    assert case.state is State.PENDING
    assert "switched off" in (case.message or "")
    assert simulator.log == []
    console.connection_admin.set_enabled("toys", enabled=True, by="Ann")
    clock.advance(minutes(30))
    worker.run_due()
    assert [record.remote_id for record in simulator.log] == ["1042"]


def test_a_change_is_taken_up_in_the_middle_of_the_work(
    open_desk: DeskOpener, shop: tuple[ToyShop, str], clock: VirtualClock
) -> None:
    simulator, url = shop
    worker, console = open_desk(), open_desk()
    console.connection_admin.save(toy_change(endpoint=url, secret="wrong-key"), by="Ann")
    add_order(console, "1042", "toys")
    simulator.add_order("1042", lines=())
    console.cancel("1042", by="Ann", send_now=False)
    worker.run_due()
    assert simulator.log == []
    console.connection_admin.save(toy_change(endpoint=url, secret=SHOP_KEY), by="Ann")
    clock.advance(minutes(30))
    worker.run_due()
    assert [record.remote_id for record in simulator.log] == ["1042"]


def test_one_row_is_read_in_a_round_and_nothing_more_where_nothing_has_changed(
    open_desk: DeskOpener, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk()
    desk.connection_admin.save(toy_change(), by="Ann")
    read: list[str] = []

    def noting(name: str, method: Callable[[], object]) -> Callable[[], object]:
        def noted() -> object:
            read.append(name)
            return method()

        return noted

    for name in ("configuration_version", "stored_connections", "stored_rules"):
        monkeypatch.setattr(desk.ledger, name, noting(name, getattr(desk.ledger, name)))
    desk.run_due()
    assert read == ["configuration_version"]


def test_a_secret_is_written_and_never_read(open_desk: DeskOpener, database: LedgerDatabase, tmp_path: Path) -> None:
    desk = open_desk()
    view = desk.connection_admin.save(toy_change(mailbox="stop@toys.example"), by="Ann", address="203.0.113.7")
    assert list(view.secrets_set) == ["api_key"]
    assert dict(view.settings) == {"endpoint": "https://api.toys.example", "mailbox": "stop@toys.example"}
    found = [repr(desk.connection_admin.list()), repr(desk.ledger.stored_connections()), repr(desk.audit.list())]
    found += [repr(desk.connections.get("toys").settings), repr(toy_change())]
    with database.stranger() as cursor:
        for table in ("stored_connections", "stored_configuration", "audit_log"):
            found += [repr(row) for row in cursor.execute(f"SELECT * FROM {table}").fetchall()]  # noqa: S608 - constants
    for path in tmp_path.glob("**/*"):
        if path.is_file():
            found.append(path.read_bytes().decode("latin-1"))
    assert not [text for text in found if CANARY in text or KEY in text]


def test_what_was_changed_is_in_the_audit_log_by_name_and_without_values(open_desk: DeskOpener) -> None:
    admin = open_desk().connection_admin
    admin.save(toy_change(), by="Ann")
    admin.save(toy_change(secret=None, mailbox="stop@toys.example"), by="Bo", address="203.0.113.7")
    admin.set_enabled("toys", enabled=False, by="Bo")
    told = [(entry.record.actor, entry.record.subject, entry.record.detail) for entry in open_desk().audit.list()]
    assert told == [
        ("Bo", "connection toys", "disabled"),
        ("Bo", "connection toys", "settings changed: mailbox; secrets given: none"),
        ("Ann", "connection toys", "added, at toy; secrets given: api_key"),
    ]


def test_without_the_key_nothing_is_stored_and_nothing_is_used(open_desk: DeskOpener) -> None:
    with pytest.raises(ConfigurationError, match="no key for the secrets"):
        open_desk(key=None).connection_admin.save(toy_change(), by="Ann")
    open_desk().connection_admin.save(toy_change(), by="Ann")
    for desk in (open_desk(key=None), open_desk(key=OTHER_KEY)):
        (view,) = desk.connection_admin.list()
        assert "key" in (view.problem or "")
        with pytest.raises(ConfigurationError, match="key"):
            desk.connections.get("toys")
        desk.connection_admin.set_enabled("toys", enabled=False, by="Ann")
        desk.connection_admin.set_enabled("toys", enabled=True, by="Ann")


def test_a_key_is_changed_with_both_for_a_while(open_desk: DeskOpener) -> None:
    open_desk().connection_admin.save(toy_change(), by="Ann")
    both = open_desk(key=OTHER_KEY, previous_key=KEY)
    assert both.connection_admin.get("toys").problem is None
    assert both.connection_admin.rotate_key(by="Ann") == 1
    assert both.connection_admin.rotate_key(by="Ann") == 0
    assert open_desk(key=OTHER_KEY).connections.get("toys").settings.api_key == Secret(CANARY)  # type: ignore[attr-defined]  # of the toy


def test_who_writes_to_the_database_gets_no_secret_sent_to_another_host(
    open_desk: DeskOpener, database: LedgerDatabase
) -> None:
    admin = open_desk().connection_admin
    admin.save(toy_change(), by="Ann")
    admin.save(toy_change("other", secret="another-secret"), by="Ann")
    with database.stranger() as cursor:
        cursor.execute(
            "UPDATE stored_connections SET settings = ? WHERE name = 'toys'", ('{"endpoint": "https://evil.example"}',)
        )
    with pytest.raises(ConfigurationError, match="the database was changed"):
        open_desk().connections.get("toys")
    with database.stranger() as cursor:
        cursor.execute(
            "UPDATE stored_connections SET settings = ?, sealed ="
            " (SELECT sealed FROM stored_connections WHERE name = 'other') WHERE name = 'toys'",
            ('{"endpoint": "https://api.toys.example"}',),
        )
    with pytest.raises(ConfigurationError, match="the database was changed"):
        open_desk().connections.get("toys")


def test_who_changes_the_host_must_give_the_secrets_again(open_desk: DeskOpener) -> None:
    admin = open_desk().connection_admin
    admin.save(toy_change(), by="Ann")
    with pytest.raises(ConfigurationError, match="another host"):
        admin.save(toy_change(secret=None, endpoint="https://evil.example"), by="Eve")
    with pytest.raises(ConfigurationError, match="another host"):
        admin.save(toy_change(secret=None, endpoint="http://127.0.0.1:8443"), by="Eve")
    assert admin.save(toy_change(secret=None, endpoint="https://api.toys.example/v2"), by="Ann").version == 2
    assert admin.save(toy_change(endpoint="https://api2.toys.example"), by="Ann").version == 3


@pytest.mark.parametrize(
    "endpoint",
    [
        "javascript:alert(1)",
        "http://api.toys.example",
        "https://ann:pw@api.toys.example",
        "https://127.0.0.1",
        "https://2130706433",
        "https://0x7f.1",
        "https://0177.0.0.1",
        "https://[::ffff:169.254.169.254]",
        "https://169.254.169.254",
        "https://localhost",
        "https://api.toys.example:22",
        3,
        None,
        {"env": "HOME"},
    ],
)
def test_a_hostile_host_is_refused_before_anything_is_stored(open_desk: DeskOpener, endpoint: object) -> None:
    desk = open_desk(is_sandbox=False)
    with pytest.raises(ConfigurationError):
        desk.connection_admin.save(toy_change(endpoint=endpoint), by="Eve")
    assert desk.ledger.stored_connections() == ()
    assert desk.audit.list() == ()


def test_no_secret_is_read_out_of_the_environment(open_desk: DeskOpener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://ann:pw@db.example/x")
    admin = open_desk().connection_admin
    with pytest.raises(ConfigurationError, match="a secret is not given among the settings"):
        admin.save(toy_change(secret=None, api_key={"env": "DATABASE_URL"}), by="Eve")


def test_settings_are_judged_as_those_of_the_file_are(open_desk: DeskOpener) -> None:
    admin = open_desk().connection_admin
    for change, fault in (
        (toy_change(secret=None), "is missing"),
        (toy_change(secret=""), "is missing"),
        (toy_change(mailbox=3), "must be a text"),
        (toy_change(unknown="x"), "unknown key"),
        (toy_change(folder="/etc"), "something of this machine"),
        (toy_change(secret="line\nbreak"), "line break"),
    ):
        with pytest.raises(ConfigurationError, match=fault):
            admin.save(change, by="Ann")


def test_names_are_checked_and_those_of_the_file_are_taken(open_desk: DeskOpener) -> None:
    configured = ConnectionConfig("toys", "toy", {"endpoint": "https://api.toys.example"}, "[connections.toys]")
    desk = open_desk(connections={"toys": configured})
    with pytest.raises(ConflictError, match=r"orderdesk\.toml has a connection of this name"):
        desk.connection_admin.save(toy_change(), by="Ann")
    for name in ("", "a b", "-a", "a" * 101, "ä"):
        with pytest.raises(ValidationError, match="the name of a connection"):
            desk.connection_admin.save(toy_change(name), by="Ann")
    with pytest.raises(NotFoundError, match="no such integration"):
        desk.connection_admin.save(ConnectionChange(name="new", integration="unknown"), by="Ann")
    with pytest.raises(NotFoundError, match=r"it stands in orderdesk\.toml"):
        desk.connection_admin.set_enabled("toys", enabled=False, by="Ann")
    assert [view.is_stored for view in desk.connection_admin.list()] == [False]


def test_a_connection_is_tried_without_asking_for_anything(open_desk: DeskOpener, shop: tuple[ToyShop, str]) -> None:
    simulator, url = shop
    admin = open_desk().connection_admin
    admin.save(toy_change(endpoint=url, secret=SHOP_KEY), by="Ann")
    assert {check.status for check in admin.test("toys")} == {HealthStatus.OK}
    assert simulator.log == []
    admin.save(toy_change("closed", endpoint="http://127.0.0.1:9"), by="Ann")
    assert [check.status for check in admin.test("closed")] == [HealthStatus.OK, HealthStatus.FAILING]


def test_a_name_that_comes_to_lead_into_the_own_network_is_not_called(
    open_desk: DeskOpener, monkeypatch: pytest.MonkeyPatch, clock: VirtualClock
) -> None:
    """DNS rebinding: the host was public when the connection was made; its case waits, and nothing was sent."""
    desk = open_desk(is_sandbox=False)
    desk.connection_admin.save(toy_change(endpoint="https://api.toys.example"), by="Eve")
    add_order(desk, "1042", "toys")
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))]
    connected: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: connected.append(address))
    desk.cancel("1042", by="Ann")
    (case,) = desk.cases.list(order="1042")
    assert connected == []
    assert case.state is State.PENDING
    assert "leads into a private network" in (case.message or "")


def test_no_secret_is_in_a_log_or_a_history(
    open_desk: DeskOpener,
    shop: tuple[ToyShop, str],
    caplog: pytest.LogCaptureFixture,
    database: LedgerDatabase,
    clock: VirtualClock,
) -> None:
    simulator, url = shop
    caplog.set_level("DEBUG")
    desk = open_desk()
    desk.connection_admin.save(toy_change(endpoint=url), by="Ann")  # The canary is the key, which the shop refuses.
    add_order(desk, "1042", "toys")
    simulator.add_order("1042", lines=())
    desk.cancel("1042", by="Ann")
    clock.advance(minutes(30))
    desk.run_due()
    desk.connection_admin.test("toys")
    told = [caplog.text, repr(desk.cases.list()), str(desk.cancellations.receipt("1042"))]
    with database.stranger() as cursor:
        for table in ("history", "cases", "audit_log", "stored_connections"):
            told += [repr(tuple(row)) for row in cursor.execute(f"SELECT * FROM {table}").fetchall()]  # noqa: S608 - constants
    assert "orderdesk_sdk" in caplog.text
    assert not [text for text in told if CANARY in text]
