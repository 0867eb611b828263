"""The how-to pages for authors of plugins, run as they stand: each begins from the plugin of the tutorial."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.simulators.simulator import Simulator, simulators
from orderdesk_devkit.testing.failpoints.fork_server import ForkServer
from orderdesk_devkit.testing.failpoints.runner import FailpointScenario, kill_at_every_failpoint
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_sdk import VirtualClock
from tests.support.tutorial import HEADS, PACKAGE, TUTORIAL

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Block, Pages

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

    def install(self, tutorial: list[Block], page: list[Block]) -> None:
        """Install the plugin of the tutorial with what a page writes into it."""
        package = self.folder / "site" / PACKAGE
        package.mkdir(parents=True)
        info = package.with_name(f"{PACKAGE}-0.1.0.dist-info")
        info.mkdir()
        (info / "METADATA").write_text(METADATA, encoding="utf-8")
        (info / "entry_points.txt").write_text(ENTRY_POINTS, encoding="utf-8")
        for name, head in HEADS.items():
            parts = [block.text.removeprefix(head) for block in tutorial if block.text.startswith(head)]
            parts += [block.take().removeprefix(head) for block in page if block.text.startswith(head)]
            (package / name).write_text("\n\n".join(parts), encoding="utf-8")
        sys.path.insert(0, str(package.parent))
        os.environ["PYTHONPATH"] = str(package.parent)  # Where the processes find it that are killed.
        importlib.invalidate_caches()

    def serve(self, simulator: Simulator | None = None) -> None:
        """Serve the plugin's simulator, or another one in its place."""
        self.simulator = simulator or simulators()["acme-print"].load()(self.clock)
        url = self._open.enter_context(serve(self.simulator.app)).url
        self.here = {
            name: str(value) for name, value in self.simulator.settings(url).items() if str(value).startswith(url)
        }
        sandbox = f'[sandbox]\nclock = "{url}"\n\n[sandbox.simulators]\nmy-acme = "{url}"\n\n'
        Path("orderdesk.toml").write_text(sandbox, encoding="utf-8")

    def configure(self, block: Block) -> None:
        """Add a block to the configuration; where it has the connection already, in place of it."""
        path = Path("orderdesk.toml")
        before, text = path.read_text(encoding="utf-8"), block.take()
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
                    assert block.text.startswith(tuple(HEADS.values())), f"nothing runs this block: {block.text}"

    def play_with_a_pause(
        self, page: list[Block], capsys: pytest.CaptureFixture[str], before: str, expires_in: timedelta
    ) -> None:
        """Run blocks in order, with a pause before the first one that has the words `before`."""
        pause = next(number for number, block in enumerate(page) if before in block.text)
        self.play(page[:pause], capsys)
        self.clock.advance(expires_in)
        self.play(page[pause:], capsys)

    def kill_everywhere(self, scenario: FailpointScenario, folder: Path) -> tuple[str, ...]:
        """The boundaries at which the page's plugin was killed; what is left after each is as the laws want it."""
        with ForkServer(at_once=1) as fork_server:
            report = kill_at_every_failpoint(
                PluginUnderTest(slug="acme-print"), scenario, folder, fork_server=fork_server
            )
        assert report.failures == {}
        return tuple(report.failpoints)

    def close(self) -> None:
        """Stop what was started, and forget what was installed."""
        self._open.close()
        sys.path[:] = [path for path in sys.path if path != str(self.folder / "site")]
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]


@pytest.fixture
def workshop(story: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    """Where the pages are worked through."""
    monkeypatch.setenv("ACME_API_KEY", "a-key-for-simulators-only")
    monkeypatch.delenv("PYTHONPATH", raising=False)  # Put back at the end, whatever `install` writes there.
    made = Workshop(tmp_path, story)
    yield made
    made.close()


@pytest.fixture
def page(request: pytest.FixtureRequest, workshop: Workshop, page_blocks: Pages) -> list[Block]:
    """The blocks of the page that the test's module names; its plugin is installed, and its simulator is served."""
    found = page_blocks(request.module.PAGE)
    workshop.install(page_blocks(TUTORIAL), found)
    workshop.serve()
    return found
