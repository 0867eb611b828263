"""The how-to pages for authors of plugins, run as they stand: each begins from the plugin of the tutorial."""

from __future__ import annotations

import importlib
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.hosts.samples import SAMPLE_ORDERS
from orderdesk_sdk.testing.serving import serve
from orderdesk_sdk.testing.simulator import Simulator, simulators

if TYPE_CHECKING:
    from tests.how_to.conftest import Block

HERE = Path(__file__).parent
PACKAGE = "orderdesk_acme_print"
PLUGIN = f"# src/{PACKAGE}/__init__.py\n"
"""How a block begins that belongs to the plugin; what it defines replaces what the tutorial defined."""
SETTINGS = "[connections.my-acme.settings]\n"
METADATA = "Metadata-Version: 2.1\nName: orderdesk-acme-print\nVersion: 0.1.0\n"
ENTRY_POINTS = f"""\
[orderdesk.integrations]
acme-print = {PACKAGE}

[orderdesk.simulators]
acme-print = {PACKAGE}.simulator:AcmePrintSimulator
"""


class Workshop:
    """A folder with the plugin, installed, and with a desk's files; an Acme Print that is simulated, on 5 Jan 09:00."""

    def __init__(self, folder: Path, clock: VirtualClock) -> None:
        self.folder = folder
        self.clock = clock
        self.names: dict[str, Any] = {}
        """What the programs of the page define."""
        self.simulator: Simulator
        self.here: Mapping[str, str] = {}
        """The settings that lead to the simulator, and what stands for them in the configuration."""
        self._open = ExitStack()

    def install(self, page: list[Block]) -> None:
        """Install the plugin with what a page writes into it."""
        package = self.folder / "site" / PACKAGE
        package.mkdir(parents=True)
        info = package.with_name(f"{PACKAGE}-0.1.0.dist-info")
        info.mkdir()
        (info / "METADATA").write_text(METADATA, encoding="utf-8")
        (info / "entry_points.txt").write_text(ENTRY_POINTS, encoding="utf-8")
        parts = [(HERE / "acme_print.py").read_text(encoding="utf-8")]
        parts += [block.text.removeprefix(PLUGIN) for block in page if block.text.startswith(PLUGIN)]
        (package / "__init__.py").write_text("\n\n".join(parts), encoding="utf-8")
        simulator = (HERE / "acme_print_simulator.py").read_text(encoding="utf-8")
        (package / "simulator.py").write_text(simulator, encoding="utf-8")
        sys.path.insert(0, str(package.parent))
        importlib.invalidate_caches()

    def serve(self, simulator: Simulator | None = None) -> None:
        """Serve the plugin's simulator, or another one in its place."""
        self.simulator = simulator or simulators()["acme-print"].load()(self.clock)
        url = self._open.enter_context(serve(self.simulator.app)).url
        self.here = {"base_url": url}
        sandbox = f'[sandbox]\nclock = "{url}"\n\n[sandbox.simulators]\nmy-acme = "{url}"\n\n'
        Path("orderdesk.toml").write_text(sandbox, encoding="utf-8")

    def configure(self, block: Block) -> None:
        """Add a block to the configuration; where it has the connection already, in place of it."""
        path = Path("orderdesk.toml")
        before, text = path.read_text(encoding="utf-8"), block.text
        if SETTINGS in text:
            before = re.sub(r"\[connections\.my-acme\]\n(?:.*\n)*", "", before)
            text = text.replace(SETTINGS, SETTINGS + "".join(f'{name} = "{url}"\n' for name, url in self.here.items()))
        path.write_text(f"{before.rstrip()}\n\n{text}", encoding="utf-8")

    def play(self, page: list[Block], capsys: pytest.CaptureFixture[str]) -> None:
        """Run blocks in order: what they say is what the page shows."""
        said = ""
        for block in page:
            match block.language:
                case "toml":
                    self.configure(block)
                case "sh":
                    said = block.run_shell()
                case "python" if not block.text.startswith("# "):
                    block.run(self.names)
                    said = capsys.readouterr().out
                case "text":
                    block.check(said)
                case "eml":
                    block.write()
                case _:
                    assert block.text.startswith(PLUGIN), f"nothing runs this block: {block.text}"

    def close(self) -> None:
        """Stop what was started, and forget what was installed."""
        self._open.close()
        sys.path[:] = [path for path in sys.path if path != str(self.folder / "site")]
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    """Where the pages are worked through; ids, clock and terminal are those that they show."""
    desk = tmp_path / "desk"
    desk.mkdir()
    monkeypatch.chdir(desk)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("ACME_API_KEY", "a-key-for-simulators-only")
    time.tzset()
    ids = count(1044)
    monkeypatch.setattr("orderdesk_sdk.wishes.secrets", SimpleNamespace(token_hex=lambda _: f"0c0ffee0{next(ids)}"))
    clock = VirtualClock(datetime(datetime.now(UTC).year, 1, 5, 9, tzinfo=UTC))
    monkeypatch.setattr("orderdesk_sdk.desk.SystemClock", lambda: clock)
    Path("orders.json").write_text(SAMPLE_ORDERS, encoding="utf-8")
    made = Workshop(tmp_path, clock)
    yield made
    made.close()
    monkeypatch.undo()
    assert os.environ.get("ACME_API_KEY") is None
    time.tzset()
