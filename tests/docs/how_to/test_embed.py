"""The how-to on embedding a desk is run as it stands in docs/how-to/embed.md, block by block, against a simulator."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orderdesk_amazon_mcf.simulator import Durations, McfSimulator
from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk import CancellationStatus, Desk, Plan, State, VirtualClock
from tests.support.page_session import PageSession, play

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Pages

pytestmark = pytest.mark.slow

PAGE = "embed.md"
SECRETS = {
    "MCF_REFRESH_TOKEN": "refresh_token",
    "MCF_CLIENT_ID": "client_id",
    "MCF_CLIENT_SECRET": "client_secret",
}
WITHIN = 120.0
"""Real seconds after which the worker thread is taken for idle; it looks every second."""


def test_the_how_to_works_as_it_is_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    page_blocks: Pages,
) -> None:
    clock = VirtualClock()
    simulator = McfSimulator(clock)
    simulator.add_order("1042", lines=[("MUG-11", 2), ("CANVAS-12X16", 1)])
    _, give_orders, embed, prove, close = page_blocks(PAGE, ["python"])
    (configuration,) = page_blocks(PAGE, ["toml"])
    (_, _, exports), (orders,) = page_blocks(PAGE, ["sh"]), page_blocks(PAGE, ["json"])
    assert re.findall(r'^export (\w+)="', exports.take(), re.MULTILINE) == list(SECRETS)
    with serve(simulator.app) as served:
        settings = simulator.settings(served.url)
        for variable, name in SECRETS.items():
            monkeypatch.setenv(variable, settings[name])
        here = f'endpoint = "{settings["endpoint"]}"\ntoken_url = "{settings["token_url"]}"\n'
        (tmp_path / "orderdesk.toml").write_text(configuration.take() + here, encoding="utf-8")
        (tmp_path / "orders.json").write_text(orders.take(), encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        # The page opens its desk by the machine's clock, on which Amazon would take its minutes.
        monkeypatch.setattr("orderdesk_sdk.stores.opening.SystemClock", lambda: clock)
        names: dict[str, object] = {}
        give_orders.run(names)
        try:
            embed.run(names)
            prove.run(names)
            wait_until_settled(names, clock)
            prove.run(names)
        finally:
            close.run(names)
    plan = names["plan"]
    assert isinstance(plan, Plan)
    assert [entry.chosen_step for entry in plan.entries] == [0]
    assert capsys.readouterr().out == "still open\ncanceled\n"
    assert simulator.actual_status("1042") == "Cancelled"
    assert isinstance(names["worker"], threading.Thread)
    assert not names["worker"].is_alive()


def test_the_program_runs_from_an_empty_folder(tmp_path: Path, page_blocks: Pages) -> None:
    blocks = page_blocks(PAGE)
    last = next(number for number, block in enumerate(blocks) if block.language == "text")
    with PageSession(tmp_path) as session:
        play(session, blocks[: last + 1])


def wait_until_settled(names: dict[str, object], clock: VirtualClock) -> None:
    """Let Amazon's minutes pass; only the page's own worker thread looks what came of it."""
    desk, status = names["desk"], names["status"]
    assert isinstance(desk, Desk)
    assert isinstance(status, CancellationStatus)
    assert [case.state for case in status.cases] == [State.ACKNOWLEDGED]
    clock.advance(Durations().cancel)
    give_up = time.monotonic() + WITHIN
    while not desk.cancellations.status(status.cancellation).is_settled:
        assert time.monotonic() < give_up, "the worker thread did nothing"
        time.sleep(0.01)
