"""docs/how-to/workers.md is run as it stands, against a PostgreSQL server: two workers in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from orderdesk_devkit.cli.sandbox import running
from orderdesk_devkit.testing.engines.shop import Shop, import_orders
from orderdesk_devkit.testing.engines.suite import eventually
from orderdesk_devkit.testing.engines.worker import has_open_cases
from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_sdk import CancelCase, Desk, State
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.installed_shop import connection_tables, install_shop
from tests.support.postgres import VERSIONS
from tests.support.postgres_fixtures import shared_server

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Block, Pages

pytestmark = pytest.mark.slow

PAGE = "workers.md"
ROOT = Path(__file__).resolve().parents[3]


def start(block: Block) -> subprocess.Popen[bytes]:
    command = block.take().split()
    assert command[0] == "orderdesk"
    path = os.pathsep.join([str(Path.cwd() / "site"), str(ROOT)])
    return subprocess.Popen(
        [sys.executable, "-m", "orderdesk_sdk.cli", *command[1:]],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def test_the_page_works_as_it_is_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    page_blocks: Pages,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    shop = Shop()
    install_shop(tmp_path / "site")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.chdir(tmp_path)
    extras, shown = page_blocks(PAGE, ["text"])
    assert "orderdesk-sdk[cli,procrastinate]" in extras.take()
    (configuration,) = page_blocks(PAGE, ["toml"])
    work, rebuild = page_blocks(PAGE, ["sh"])
    server = shared_server(VERSIONS[0], tmp_path_factory)
    with server.database() as url, RawServer(responding(shop)) as served:
        monkeypatch.setenv("LEDGER_URL", url)
        Path("orderdesk.toml").write_text(configuration.take() + connection_tables(served.url), encoding="utf-8")
        with Desk.open() as desk:
            (numbers,) = [import_orders(desk, 4)]
            desk.cancel(numbers[0], by="Ann", send_now=False)
            shown.check(rebuild.run_shell())
            workers = [start(work) for _ in range(2)]
            try:
                for number in numbers[1:]:
                    desk.cancel(number, by="Ann", send_now=False)
                eventually(lambda: not has_open_cases(desk), "the workers settle all cases")
            finally:
                for worker in workers:
                    worker.send_signal(signal.SIGTERM)
                said = [worker.communicate(timeout=60)[0].decode() for worker in workers]
            assert [worker.returncode for worker in workers] == [0, 0], said
            assert {case.state for case in desk.ledger.cases(CancelCase)} == {State.CANCELED}
            assert not desk.ledger.heartbeats(), "each took leave"
    assert shop.asked == Counter(numbers)
    assert "no case is open" in said[0]


def test_a_sqlite_ledger_has_no_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("orderdesk.toml").write_text("[orders]\n", encoding="utf-8")
    for command in (["work", "--engine", "procrastinate"], ["ledger", "rebuild-queue"]):
        ran = CliRunner().invoke(orderdesk, command)
        assert ran.exit_code == 1
        assert "must be PostgreSQL" in ran.stderr
    ran = CliRunner().invoke(orderdesk, ["work", "--engine", "procrastinate", "--until-idle"])
    assert ran.exit_code == 2
    Path("orderdesk.toml").write_text('[ledger]\nengine = "procrastinate"\n', encoding="utf-8")
    SqliteLedger(Path("orderdesk.db")).close()
    ran = CliRunner().invoke(orderdesk, ["doctor"])
    assert ran.exit_code == 1
    assert "must be PostgreSQL" in " ".join(ran.stdout.split())
    Path("orderdesk.toml").write_text('[ledger]\nengine = "steam"\n', encoding="utf-8")
    ran = CliRunner().invoke(orderdesk, ["orders"])
    assert "'steam' is not an engine" in ran.stderr
    assert "known are: inline, procrastinate" in ran.stderr


def test_a_sandbox_in_virtual_time_has_no_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with running(Path("orderdesk.toml"), VirtualClock()):
        ran = CliRunner().invoke(orderdesk, ["work", "--engine", "procrastinate"])
    assert ran.exit_code == 1
    assert "the time of this sandbox is virtual" in ran.stderr
    assert "without --virtual-time" in ran.stderr
