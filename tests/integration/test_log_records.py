"""The log: which records a desk writes, about which case, order and connection, and that no secret is in them."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from orderdesk_devkit.cli.sandbox import running
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.damaged_rows import DamagedRowError, DamagedRows
from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger, log_subject
from orderdesk_sdk.cases.state_machine import Event
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk, DeskLimits
from orderdesk_sdk.desk.run_loop import RunLoop
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Rejection
from orderdesk_sdk.plugin.connection_settings import secret, settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.order_numbers import NotStated
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest
from orderdesk_sdk.plugin.routes import Button, Polling
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from orderdesk_sdk.transport.http.limits import HttpLimits

CANARY = "canary-of-the-log"
CUSTOMER = "Mrs. Dalloway"


@settings
class ShopSettings:
    endpoint: str = url(help="the shop's API")
    api_key: Secret = secret(help="the shop's key")


class Shop:
    """Acknowledges a cancel; a poll ends as `poll` says. What it raises and answers quotes its key and a customer."""

    def __init__(
        self, poll: Callable[[httpx.Response], Answer] = answer.pending, act: Callable[[], object] = lambda: None
    ) -> None:
        self._poll = poll
        self._act = act

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(
            slug="shop",
            title="Shop",
            settings=ShopSettings,
            base_url="endpoint",
            cancel=(Button(Polling(every=minutes(2), give_up=hours(1))),),
            identified_by={"*": NotStated("a test's service states none")},
        )

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ShopSettings]) -> Flow[Answer]:
        self._act()
        response = yield service.put("/cancel", request.remote_id, json={"key": service.settings.api_key.reveal()})
        return answer.acknowledged(response, message=f"for {CUSTOMER}, with {CANARY}")

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ShopSettings]) -> Flow[Answer]:
        response = yield service.get("/orders", request.remote_id)
        return self._poll(response)


class Service429:
    """Answers 200 until it is told to rate limit."""

    def __init__(self) -> None:
        self.response = http_response(200, b"{}")

    def __call__(self, _request: bytes) -> bytes:
        return self.response


class Logged:
    """A desk with a shop, and the records that it writes."""

    def __init__(self, folder: Path, caplog: pytest.LogCaptureFixture, server: RawServer) -> None:
        self._folder = folder
        self._server = server
        self._caplog = caplog
        self.clock = VirtualClock()
        self.desks: list[Desk] = []
        caplog.set_level(logging.DEBUG, logger="orderdesk_sdk")

    def desk(self, shop: object, listeners: tuple[object, ...] = (), timeout: float = 5.0) -> Desk:
        registry = PluginRegistry(find=lambda **_: ())
        registry.register(shop, "shop")
        settings_of_shop = {"endpoint": self._server.url, "api_key": {"text": CANARY}}
        config = Config(
            self._folder / "desk.db",
            {"my-shop": ConnectionConfig("my-shop", "shop", settings_of_shop, "[connections.my-shop]")},
        )
        limits = DeskLimits(HttpLimits(max_attempts=1), timeout)
        desk = Desk(config, clock=self.clock, registry=registry, listeners=listeners, limits=limits)
        self.desks.append(desk)
        assert isinstance(desk.order_store, SqliteOrderStore)
        desk.order_store.import_orders(read_order_text(SAMPLE_ORDERS, location="samples"), by=CUSTOMER)
        self._caplog.clear()
        desk.orders.register("1042", connection="my-shop", by=CUSTOMER)
        assert self.records() == [("desk", "INFO", "order 1042 at my-shop: registered as submitted")]
        return desk

    def records(self) -> list[tuple[str, str, str]]:
        """Room, level and text of each record since the last call. Each has the fields, and no secret or name."""
        found = [record for record in self._caplog.records if record.name.startswith("orderdesk_sdk")]
        for record in found:
            shown = repr(vars(record)) + record.getMessage()
            assert CANARY not in shown
            assert CUSTOMER not in shown
            assert {"case_id", "order_number", "connection"} <= set(vars(record))
        found = [record for record in found if record.name != "orderdesk_sdk.transport.http"]  # Each call, at DEBUG.
        said = [(one.name.removeprefix("orderdesk_sdk."), one.levelname, one.getMessage()) for one in found]
        self.fields = [(vars(one)["case_id"], vars(one)["order_number"], vars(one)["connection"]) for one in found]
        self._caplog.clear()
        return said


@pytest.fixture
def service() -> Service429:
    return Service429()


@pytest.fixture
def logged(tmp_path: Path, caplog: pytest.LogCaptureFixture, service: Service429) -> Iterator[Logged]:
    with RawServer(responding(service)) as server:
        made = Logged(tmp_path, caplog, server)
        yield made
        for desk in made.desks:
            desk.close()


def cancel(desk: Desk) -> Case:
    (case,) = desk.cancel("1042", by=CUSTOMER, reason=f"{CUSTOMER} asked").cases
    return case


class TestCancel:
    def test_is_recorded_and_then_acknowledged(self, logged: Logged) -> None:
        case = cancel(logged.desk(Shop()))
        assert logged.records() == [
            ("desk", "INFO", "order 1042: cancellation recorded for my-shop"),
            ("runtime", "INFO", "order 1042 at my-shop: acknowledged"),
        ]
        assert logged.fields == [(None, "1042", None), (case.id, "1042", "my-shop")]

    def test_that_is_polled_says_so_each_time(self, logged: Logged) -> None:
        desk = logged.desk(Shop())
        case = cancel(desk)
        logged.records()
        for _ in range(2):
            logged.clock.advance(minutes(2))
            desk.run_due()
        poll = ("runtime", "INFO", "order 1042 at my-shop: still pending; the case is acknowledged")
        assert logged.records() == [poll, poll]
        assert logged.fields == [(case.id, "1042", "my-shop")] * 2

    def test_that_is_rejected_says_why_by_its_kind_only(self, logged: Logged) -> None:
        def too_late(response: httpx.Response) -> Answer:
            return answer.rejected(response, Rejection.TOO_LATE, message=f"too late, {CUSTOMER}")

        desk = logged.desk(Shop(too_late))
        case = cancel(desk)
        logged.records()
        logged.clock.advance(minutes(2))
        desk.run_due()
        assert logged.records() == [
            ("runtime", "INFO", f"order 1042 at my-shop: rejected ({Rejection.TOO_LATE.value})")
        ]
        assert logged.fields == [(case.id, "1042", "my-shop")]


class TestTrouble:
    def test_plugin_that_raises(self, logged: Logged) -> None:
        def fail() -> None:
            raise ValueError(f"no {CUSTOMER} for {CANARY}")

        case = cancel(logged.desk(Shop(act=fail)))
        said = logged.records()
        assert said[1][:2] == ("runtime", "WARNING")
        assert said[1][2].startswith("order 1042 at my-shop: the plugin failed, ")
        assert logged.fields[1] == (case.id, "1042", "my-shop")

    def test_plugin_that_times_out(self, logged: Logged) -> None:
        released = threading.Event()
        case = cancel(logged.desk(Shop(act=lambda: released.wait(10)), timeout=0.05))
        released.set()
        said = logged.records()
        assert said[1][:2] == ("runtime", "WARNING")
        assert said[1][2].startswith("order 1042 at my-shop: the plugin timed out, ")
        assert logged.fields[1] == (case.id, "1042", "my-shop")

    def test_service_that_rate_limits(self, logged: Logged, service: Service429) -> None:
        service.response = http_response(429, retry_after="90")
        case = cancel(logged.desk(Shop()))
        said = logged.records()
        assert said[1] == (
            "transport",
            "WARNING",
            "order 1042 at my-shop: rate limited by the service in /cancel; it is called again after 90 s",
        )
        assert logged.fields[1] == (case.id, "1042", "my-shop")

    def test_listener_that_fails(self, logged: Logged) -> None:
        class Listener:
            @hookimpl
            def orderdesk_case_changed(self, case: Case, event: Event) -> None:
                raise KeyError(CUSTOMER)

        case = cancel(logged.desk(Shop(), listeners=(Listener(),)))
        assert logged.records()[2] == (
            "runtime",
            "WARNING",
            "order 1042 at my-shop: the listener listener 1 failed in orderdesk_case_changed (KeyError)",
        )
        assert logged.fields[2] == (case.id, "1042", "my-shop")

    def test_connection_that_cannot_be_made_is_logged_once(self, logged: Logged) -> None:
        desk = logged.desk(Shop())
        for _ in range(2):
            desk.connections.integration("elsewhere")
        assert logged.records() == [
            (
                "runtime",
                "WARNING",
                "connection elsewhere: the connection cannot be made (NotFoundError); see `orderdesk doctor`",
            )
        ]
        assert logged.fields == [(None, None, "elsewhere")]

    def test_round_that_was_not_done(self, logged: Logged, monkeypatch: pytest.MonkeyPatch) -> None:
        desk = logged.desk(Shop())

        def fail() -> None:
            raise OSError(CANARY)

        monkeypatch.setattr(desk, "run_due", fail)
        RunLoop(desk, lambda _: None).run_once()
        assert logged.records() == [
            ("desk", "WARNING", "what was due could not be done (OSError); the next round does it")
        ]

    def test_damaged_row_is_logged_once(self, logged: Logged) -> None:
        def parse() -> None:
            raise DamagedRowError(f"{CUSTOMER} is no JSON", location="a row", hint="restore it")

        damaged = DamagedRows()
        for _ in range(2):
            damaged.read_or_none("case c1-1", parse)
        assert logged.records() == [
            ("stores", "WARNING", "case c1-1 of the ledger cannot be read; see `orderdesk doctor`")
        ]


class TestRoomLogger:
    def test_a_library_writes_nothing_by_itself(self) -> None:
        assert any(isinstance(one, logging.NullHandler) for one in logging.getLogger("orderdesk_sdk").handlers)

    def test_a_handler_that_raises_does_not_end_the_work(self, logged: Logged) -> None:
        class Full(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                raise OSError("No space left on device")

        desk, full = logged.desk(Shop()), Full()
        logging.getLogger("orderdesk_sdk").addHandler(full)
        try:
            assert cancel(desk).state is State.ACKNOWLEDGED
        finally:
            logging.getLogger("orderdesk_sdk").removeHandler(full)

    def test_a_record_tells_who_wrote_it_and_of_what(self, logged: Logged, caplog: pytest.LogCaptureFixture) -> None:
        with log_subject(LogSubject(connection="my-shop")):
            RoomLogger("runtime").info("%d done", 3)
        (record,) = caplog.records
        assert (record.funcName, record.message) == (
            "test_a_record_tells_who_wrote_it_and_of_what",
            "connection my-shop: 3 done",
        )
        RoomLogger("runtime").info("100 % done")
        assert caplog.records[1].getMessage() == "100 % done"
        assert logged.records()[1][2] == "100 % done"


class TestDebug:
    def test_tells_what_goes_over_the_wire_by_method_and_status(
        self, logged: Logged, caplog: pytest.LogCaptureFixture
    ) -> None:
        desk = logged.desk(Shop())
        desk.cancel("1042", by=CUSTOMER, reason="customer asked")
        said = [record.getMessage() for record in caplog.records if record.name == "orderdesk_sdk.transport.http"]
        assert said == [
            "order 1042 at my-shop: a PUT request goes out",
            "order 1042 at my-shop: the PUT request went out",
            "order 1042 at my-shop: the PUT response came: 200, 2 bytes",
        ]
        assert "127.0.0.1" not in "".join(said)


@pytest.mark.slow
class TestWork:
    """`orderdesk work` says what it does."""

    @pytest.fixture
    def run(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
        monkeypatch.chdir(tmp_path)
        Path("orders.json").write_text(SAMPLE_ORDERS, encoding="utf-8")
        with running(Path("orderdesk.toml"), VirtualClock()) as simulators:
            simulators["amazon-mcf"][0].add_order("1042", lines=[("MUG-11", 2), ("CANVAS-12X16", 1)])
            setup = (
                ("import", "orders.json"),
                ("register", "1042", "--at", "amazon-mcf"),
                ("cancel", "1042", "--by", "Ann"),
            )
            for words in setup:
                assert CliRunner().invoke(orderdesk, words).exit_code == 0
            yield lambda *words: CliRunner().invoke(orderdesk, ["work", "--until-idle", *words])

    CANCELED = "INFO orderdesk_sdk.runtime: order 1042 at amazon-mcf: canceled"

    def test_in_lines_on_stdout(self, run: Callable[..., Result]) -> None:
        ran = run()
        assert "1042 at amazon-mcf  canceled" in ran.stdout
        assert ran.stderr == ""

    def test_as_a_log_beside_json(self, run: Callable[..., Result]) -> None:
        ran = run("--json")
        assert json.loads(ran.stdout)["is_idle"]
        assert [line.partition("Z ")[2] for line in ran.stderr.splitlines()][-1] == self.CANCELED

    def test_as_both_when_verbose(self, run: Callable[..., Result]) -> None:
        ran = run("--verbose")
        assert "1042 at amazon-mcf  canceled" in ran.stdout
        assert self.CANCELED in ran.stderr

    def test_as_one_json_object_a_line(self, run: Callable[..., Result]) -> None:
        ran = run("--log-format", "json")
        records = [json.loads(line) for line in ran.stderr.splitlines()]
        keys = ["time", "level", "room", "message", "case_id", "order_number", "connection", "error"]
        assert {tuple(record) for record in records} == {tuple(keys)}
        last = records[-1]
        assert datetime.fromisoformat(last["time"]).tzinfo is not None
        assert [last[key] for key in ("level", "room", "order_number", "connection", "error")] == [
            "info",
            "runtime",
            "1042",
            "amazon-mcf",
            None,
        ]
        assert last["message"].endswith("canceled")
        cases = json.loads(CliRunner().invoke(orderdesk, ["cases", "--json"]).stdout)["cases"]
        assert [case["id"] for case in cases] == [last["case_id"]]
        assert "1042 at amazon-mcf  canceled" in ran.stdout

    def test_problems_are_records_where_records_are_json(self, run: Callable[..., Result]) -> None:
        Path("orderdesk.toml").write_text(
            Path("orderdesk.toml").read_text(encoding="utf-8")
            + '[[rules]]\nname = "r"\nevent = "case settled"\ndo = ["Cancel Order at Nowhere"]\n',
            encoding="utf-8",
        )
        ran = run("--log-format", "json", "--quiet")
        records = [json.loads(line) for line in ran.stderr.splitlines()]
        (problem,) = [record for record in records if record["room"] == "cli"]
        assert problem["level"] == "warning"
        assert "Unknown rule action 'Cancel Order at Nowhere'" in problem["message"]
        assert {record["level"] for record in records} == {"warning"}

    @pytest.mark.parametrize("more", [(), ("--json",)])
    def test_not_at_all_when_quiet(self, run: Callable[..., Result], more: tuple[str, ...]) -> None:
        ran = run("--quiet", *more)
        assert "1042" not in ran.stdout + ran.stderr
