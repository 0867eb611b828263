"""What docs/explanation/compatibility.md promises: old plugins and ledgers go on; what goes is told before."""

from __future__ import annotations

import re
import sqlite3
import tomllib
import warnings
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import Evidence, EvidenceKind
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.plugin import answer, hookspecs
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.connection_settings import settings, url
from orderdesk_sdk.plugin.hookspecs import deprecated_hookspec, hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.order_numbers import StatedAt
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.routes import Button, Polling
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.runtime import listener_hookspecs
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.stores.serialization import dump, to_microseconds
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from orderdesk_sdk.stores.sqlite.ledger_schema import MIGRATIONS
from orderdesk_sdk.stores.sqlite.migrations import migrate
from tests.support.builders import make_cancellation, make_case_of

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "explanation" / "compatibility.md").read_text(encoding="utf-8")


@settings
class OldSettings:
    endpoint: str = url(help="the service")


class Old:
    """A plugin of a time when hooks had fewer arguments: its service knows one order only, and states its number."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        routes = (Button(Polling(every=minutes(2), give_up=hours(1))),)
        return Integration(
            slug="old",
            title="Old",
            settings=OldSettings,
            base_url="endpoint",
            cancel=routes,
            identified_by={"*": StatedAt("number")},
        )

    @hookimpl
    def orderdesk_cancel(self, service: Service[OldSettings]) -> Flow[Answer]:
        return answer.acknowledged((yield service.post("/cancel")))

    @hookimpl
    def orderdesk_poll(self, service: Service[OldSettings]) -> Flow[Answer]:
        return answer.canceled((yield service.get("/status")))


class OldListener:
    """Hears that something happened, and not to which case."""

    def __init__(self) -> None:
        self.heard = 0

    @hookimpl
    def orderdesk_case_changed(self) -> None:
        self.heard += 1


def registry_with(plugin: object, slug: str = "old") -> PluginRegistry:
    registry = PluginRegistry(find=lambda group: ())
    registry.register(plugin, slug)
    return registry


def test_a_plugin_whose_hooks_take_fewer_arguments_keeps_working(tmp_path: Path) -> None:
    listener, clock = OldListener(), VirtualClock()
    registry = PluginRegistry(find=lambda group: ())
    registry.register(Old(), "old")
    with RawServer(responding(lambda _: http_response(200, b'{"number": "1042"}'))) as server:
        connection = ConnectionConfig("old", "old", {"endpoint": server.url}, "[connections.old]")
        config = Config(tmp_path / "desk.db", {"old": connection})
        with Desk(config, clock=clock, registry=registry, listeners=[listener]) as desk:
            desk.orders.import_orders(read_order_text(SAMPLE_ORDERS, location="samples"), by="Ann")
            desk.orders.register("1042", connection="old", by="Ann")
            desk.cancel("1042", by="Ann")
            clock.advance(minutes(2))
            desk.run_due()
            (case,) = desk.cases.list(order="1042")
            notes = [entry.content for entry in desk.ledger.history(case.id) if isinstance(entry.content, str)]
    assert case.state is State.CANCELED
    assert listener.heard > 1
    assert not [note for note in notes if "listener" in note]


@pytest.fixture
def newer_sdk(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The specifications of an SDK in which a hook goes, and an argument of another."""
    newer = ModuleType("orderdesk_sdk.plugin.hookspecs")
    vars(newer).update(vars(hookspecs))

    @deprecated_hookspec(until="0.3", instead="implement orderdesk_cancel_many")
    def orderdesk_cancel(request: object, service: object) -> None:
        """Goes."""

    @deprecated_hookspec(until="0.4", instead="take request.connection", arguments=["service"])
    def orderdesk_poll(request: object, service: object) -> None:
        """Loses an argument."""

    vars(newer).update(orderdesk_cancel=orderdesk_cancel, orderdesk_poll=orderdesk_poll)
    monkeypatch.setattr("orderdesk_sdk.plugin.registry.hookspecs", newer)
    return newer


@pytest.mark.usefixtures("newer_sdk")
def test_a_plugin_is_warned_of_what_goes_with_the_hook_the_version_and_what_to_use_instead() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert registry_with(Old()).load("old").integration.slug == "old"
    assert [str(one.message) for one in caught] == [
        "the hook orderdesk_cancel goes with orderdesk-sdk 0.3: implement orderdesk_cancel_many",
        "the argument service of the hook orderdesk_poll goes with orderdesk-sdk 0.4: take request.connection",
    ]
    assert {one.category for one in caught} == {DeprecationWarning}
    assert {one.filename for one in caught} == {__file__}, "it points at the plugin's own function"


@pytest.mark.usefixtures("newer_sdk")
def test_the_filter_that_a_new_plugin_is_written_with_makes_it_learn_of_that() -> None:
    written = (ROOT / "devkit/src/orderdesk_devkit/scaffold/templates/pyproject.toml.jinja").read_text(encoding="utf-8")
    (line,) = [line for line in written.splitlines() if line.startswith("filterwarnings = ")]
    (told,) = tomllib.loads(line)["filterwarnings"]
    assert f'`filterwarnings = ["{told}"]`' in PAGE
    action, message, _ = told.split(":")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings(action, message, DeprecationWarning)
        with pytest.raises(PluginError, match=r"the hook orderdesk_cancel goes with orderdesk-sdk 0\.3"):
            registry_with(Old()).load("old")


@pytest.mark.usefixtures("newer_sdk")
def test_a_plugin_without_what_goes_is_told_nothing() -> None:
    class Untouched(Old):
        orderdesk_cancel = None  # type: ignore[assignment]  # it has none

        @hookimpl
        def orderdesk_integration(self) -> Integration:
            return Integration(slug="old", title="Old", settings=OldSettings, base_url="endpoint", cancel=())

        @hookimpl
        def orderdesk_poll(self) -> Flow[Answer]:  # type: ignore[override]  # it takes fewer arguments
            yield from ()
            return answer.unknown(None)

    assert registry_with(Untouched()).load("old").integration.cancel == ()


def test_every_specification_that_goes_says_so_as_the_helper_does() -> None:
    for name, function in (vars(hookspecs) | vars(listener_hookspecs)).items():
        told = getattr(function, "orderdesk_spec", None)
        if told is not None:
            gone = [told["warn_on_impl"], *(told["warn_on_impl_args"] or {}).values()]
            for warning in filter(None, gone):
                assert re.search(rf"the hook {name} goes with orderdesk-sdk \d+\.\d+: \w+", str(warning))


class Newer(Old):
    """Knows a hook that this SDK does not, and says that it can do without."""

    @hookimpl(optionalhook=True)
    def orderdesk_of_tomorrow(self, request: object) -> None:
        """Never called."""


class Misspelled(Old):
    @hookimpl
    def orderdesk_parse_webhok(self, message: object) -> None:
        """Never called."""


class Listens(Old):
    @hookimpl
    def orderdesk_case_changed(self) -> None:
        """Never called, as it stands in an integration."""


def test_a_plugin_for_a_newer_sdk_loads_where_its_new_hook_is_optional() -> None:
    assert registry_with(Newer()).load("old").integration.slug == "old"


@pytest.mark.parametrize(
    ("plugin", "told"),
    [
        (
            Misspelled(),
            (
                "it implements orderdesk_parse_webhok, which is not a hook of this SDK: "
                "it may mean orderdesk_parse_webhook; "
            ),
        ),
        (Listens(), "it implements orderdesk_case_changed, which is for listeners: name a module of its own under"),
    ],
)
def test_a_hook_that_would_never_be_called_is_told(plugin: object, told: str) -> None:
    with pytest.raises(PluginError, match=re.escape(told)):
        registry_with(plugin).load("old")


CASE = (
    "INSERT INTO cases (id, cancellation_id, order_id, connection, state, version, data) VALUES (?, ?, ?, ?, ?, ?, ?)"
)


def older_ledger(path: Path, version: int, statements: Sequence[tuple[str, tuple[object, ...]]]) -> None:
    """A ledger as an older version left it: its tables, and rows as it wrote them, with every text in the data."""
    db = sqlite3.connect(path, isolation_level=None)
    migrate(db, "ledger_schema", MIGRATIONS[:version], str(path))
    for statement, values in statements:
        db.execute(statement, values)
    db.close()


@pytest.mark.parametrize("version", range(1, 6))  # later ones chain what they write, as this does
def test_what_was_in_a_ledger_before_an_upgrade_is_in_it_afterwards_and_chained(version: int, tmp_path: Path) -> None:
    now = VirtualClock().now()
    cancellation = make_cancellation()
    case = make_case_of(
        cancellation,
        connection="old",
        integration="old",
        state=State.CANCELED,
        due_at=None,
        version=1,
        message="by phone",
        evidence=Evidence(EvidenceKind.PERSON, person="Ben", note="Kim said so"),
    )
    event = Event(EventKind.CANCELED, now, message="by phone", person="Ben", evidence=case.evidence)
    line = "INSERT INTO history (subject_id, attempt, at, kind, data) VALUES (?, ?, ?, ?, ?)"
    older_ledger(
        tmp_path / "desk.db",
        version,
        [
            ("INSERT INTO cancellations VALUES (?, ?, ?)", ("c1", "1", dump(cancellation))),
            (CASE, ("c1-1", "c1", "1", "old", "canceled", 1, dump(case))),
            (line, ("c1-1", 0, to_microseconds(now), "event", dump(event))),
            (line, ("c1-1", 0, to_microseconds(now), "note", "Ann: she called twice")),
        ],
    )
    for _ in range(2):
        with closing(SqliteLedger(tmp_path / "desk.db")) as ledger:
            assert (ledger.case("c1-1", CancelCase), ledger.cancellations("1")) == (case, (cancellation,))
            assert [entry.content for entry in ledger.history("c1-1")] == [event, "Ann: she called twice"]
            assert (list(ledger.find_flaws()), ledger.verify(case).flaws) == ([], ())
    with closing(sqlite3.connect(tmp_path / "desk.db")) as raw:
        stored = str(raw.execute("SELECT data FROM history UNION ALL SELECT data FROM cases").fetchall())
    assert not any(text in stored for text in ("Ben", "Kim", "phone", "twice"))


def test_a_record_that_an_older_version_left_unreadable_hurts_itself_alone(tmp_path: Path) -> None:
    sound = make_case_of(make_cancellation("2"), connection="old", integration="old", state=State.CANCELED, due_at=None)
    older_ledger(
        tmp_path / "desk.db",
        3,
        [
            (CASE, ("c1-1", "c1", "1", "old", "canceled", 0, "{ damaged")),
            (CASE, ("c2-1", "c2", "2", "old", "canceled", 0, dump(sound))),
        ],
    )
    with closing(SqliteLedger(tmp_path / "desk.db")) as ledger:
        assert ledger.case("c2-1", CancelCase) == sound
