"""Openers of workers for the suite of engines."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from orderdesk_devkit.testing.engines.shop import connections_to, shop_registry
from orderdesk_devkit.testing.engines.worker import HostClock, Worker
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.run_loop import RunLoop
from orderdesk_sdk.runtime.engines.inline import InProcessEngine
from orderdesk_sdk.runtime.engines.procrastinate.engine import ProcrastinateEngine
from orderdesk_sdk.runtime.engines.procrastinate.worker import QueueTimes
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres.ledger import PostgresLedger
from tests.support.postgres import PostgresServer, binaries_of, open_server

__all__ = ["open_inline", "open_procrastinate", "own_server", "postgres_options"]

LOOK_SECONDS = 0.1


def open_desk(options: Mapping[str, str], clock: Clock) -> Desk:
    """A desk with its orders in the file `path`, and its ledger there or in the database of `url`."""
    config = Config(Path(options["path"]), connections_to(options["shop"]))
    if "url" not in options:
        return Desk(config, clock=clock, registry=shop_registry())
    ledger = PostgresLedger(Secret(options["url"]))
    return Desk(
        config, ledger=ledger, clock=ledger.clock if isinstance(clock, HostClock) else clock, registry=shop_registry()
    )


def open_inline(options: Mapping[str, str], clock: Clock, stop: threading.Event) -> Worker:
    """A worker with the inline engine."""
    desk = open_desk(options, clock)
    engine = InProcessEngine(RunLoop(desk, print).run_once, desk.clock, stop, LOOK_SECONDS)
    desk.use_engine(engine)
    return Worker(desk, engine)


def own_server(version: int, factory: pytest.TempPathFactory) -> PostgresServer:
    """A server that no other test uses, so that it may crash. Skips where this machine has none of the version."""
    if binaries_of(version) is None:
        pytest.skip(f"PostgreSQL {version} is not installed on this machine")
    return open_server(factory.mktemp(f"servers-{version}"), version)


@contextmanager
def postgres_options(server: PostgresServer, folder: Path) -> Iterator[Callable[[], Mapping[str, str]]]:
    """A function that makes the options of one more empty ledger on a server, with a file for its orders."""
    with ExitStack() as databases:
        template = server.template("empty_ledger", lambda url: PostgresLedger(Secret(url)).close())
        numbers = count()
        yield lambda: {
            "path": str(folder / f"orders-{next(numbers)}.db"),
            "url": databases.enter_context(server.database(template)),
        }


def slack_of(options: Mapping[str, str]) -> timedelta:
    """By how much a case may be overdue before it is swept up."""
    return timedelta(seconds=float(options["slack"]))


def open_procrastinate(options: Mapping[str, str], clock: Clock, stop: threading.Event) -> Worker:
    """A worker with the engine procrastinate, in a hurry."""
    desk = open_desk(options, clock)
    assert isinstance(desk.ledger, PostgresLedger)
    times = QueueTimes(poll=0.1, heartbeat=0.5, stalled=2.0, retry=1)
    engine = ProcrastinateEngine(desk, desk.ledger.pool, stop, print, slack=slack_of(options), times=times)
    desk.use_engine(engine)
    return Worker(desk, engine)
