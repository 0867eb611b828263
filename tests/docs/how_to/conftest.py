"""The pages of docs/how-to/, run as they stand: what they show is what their reader will see."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from attrs import frozen
from click.testing import CliRunner

from orderdesk_devkit.cli.sandbox import running
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.record import main
from orderdesk_sdk import VirtualClock
from orderdesk_sdk.cli.group import orderdesk

FOLDER = Path(__file__).resolve().parent.parent.parent.parent / "docs" / "how-to"
WRONG = (1, 2)
"""Exit codes that no command of a page may have; 3 says that a person must look."""
WAITS = 2
"""The exit code of a recording that waits for --yes."""
START_SANDBOX = "orderdesk sandbox --virtual-time &\n"
YEAR = datetime.now(UTC).year
"""People see the year of another year only, so the stories are of this one."""
_BLOCK = re.compile(r"^```([a-z]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILES = {"toml": ("orderdesk.toml", "a"), "eml": ("answer.eml", "w")}

_RUN: set[tuple[Path, int]] = set()
"""Page and number of every block that was run or held against what was said."""
_TESTS: dict[Path, set[str]] = {}
"""The tests of each page, also those that this run leaves out."""
_ENDED: dict[str, bool] = {}
"""The tests that ended in this run, and whether they did so without a failure."""
LAST = "test_every_block.py"

Simulators = dict[str, tuple[Simulator, str]]
Pages = Callable[..., "list[Block]"]
Register = Callable[..., None]


def _plain(text: str) -> str:
    """A text without what differs from run to run, and without blanks at the ends of lines."""
    text = re.sub(r"^(token: +)[a-z2-7]{40} ", r"\1TOKEN ", text, flags=re.MULTILINE)
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8401", re.sub(r" +$", "", text, flags=re.MULTILINE)).strip()


@frozen
class Block:
    """A fenced block of a page. number: the how many-th on it, from 0."""

    page: Path
    language: str
    text: str
    number: int

    def take(self) -> str:
        """The text, for whoever runs it or holds it against what was said: the block counts as run."""
        _RUN.add((self.page, self.number))
        return self.text

    def run(self, names: dict[str, object]) -> None:
        """Run a block of Python in `names`."""
        exec(compile(self.take(), str(self.page), "exec"), names)  # noqa: S102 - the page is what is tested

    def run_shell(self) -> str:
        """Run a block of commands in the present folder; what the last one wrote to stdout."""
        out = ""
        for line in self.take().splitlines():
            match shlex.split(line):
                case "orderdesk", *rest:
                    ran = CliRunner().invoke(orderdesk, rest)
                    assert ran.exit_code not in WRONG, f"{line}: {ran.output}"
                    out = ran.stdout
                case "python", "-m", "orderdesk_devkit.testing.record", *rest:
                    with redirect_stdout(StringIO()) as shown:
                        assert main(rest) == (0 if "--yes" in rest or "--live" not in rest else WAITS), line
                    out = shown.getvalue()
                case words:
                    words[:1] = [sys.executable] if words[0] == "python" else words[:1]
                    done = subprocess.run(words, check=False, capture_output=True, text=True)
                    assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
                    out = done.stdout
        return out

    def write(self) -> None:
        """Write a block that is a file, or the end of one, as the page says."""
        name, mode = _FILES[self.language]
        with Path(name).open(mode, encoding="utf-8") as file:
            file.write(self.take())

    def check(self, said: str) -> None:
        """Hold a block of text against what was said."""
        assert _plain(said) == _plain(self.take())


def blocks_of(page: str, languages: Sequence[str] = ()) -> list[Block]:
    """The blocks of a page of this folder, in order; of the languages that are named, or all."""
    path = (FOLDER / page).resolve()
    text = path.read_text(encoding="utf-8").replace("2026-01-05", f"{YEAR}-01-05").replace("Jan 2026", f"Jan {YEAR}")
    found = [Block(path, language, told, number) for number, (language, told) in enumerate(_BLOCK.findall(text))]
    return [block for block in found if not languages or block.language in languages]


@pytest.fixture
def page_blocks() -> Pages:
    """Gives the blocks of a how-to, in order; of the languages that are named, or all."""
    return blocks_of


@pytest.fixture
def sandbox_page(sandbox: Simulators) -> Callable[[str], list[Block]]:
    """Gives the blocks of a how-to that come after the one which starts the sandbox; the sandbox runs."""

    def blocks(page: str) -> list[Block]:
        started, *others = blocks_of(page)
        assert started.take() == START_SANDBOX
        return others

    return blocks


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[VirtualClock]:
    """The clock of the pages, on 5 Jan 09:00 UTC, in a folder with orders; ids and terminal are as they show them."""
    desk = tmp_path / "desk"
    desk.mkdir()
    monkeypatch.chdir(desk)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    ids = count(1044)
    monkeypatch.setattr(
        "orderdesk_sdk.desk.cancellations.secrets", SimpleNamespace(token_hex=lambda _: f"0c0ffee0{next(ids)}")
    )
    clock = VirtualClock(datetime(YEAR, 1, 5, 9, tzinfo=UTC))
    monkeypatch.setattr("orderdesk_sdk.stores.opening.SystemClock", lambda: clock)
    Path("orders.json").write_text(SAMPLE_ORDERS, encoding="utf-8")
    yield clock
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def sandbox(story: VirtualClock) -> Iterator[Simulators]:
    """The sandbox of the pages; it runs."""
    with running(Path("orderdesk.toml"), story) as simulators:
        yield simulators


@pytest.fixture
def place(sandbox: Simulators) -> Register:
    """Registers that an order, by number, was submitted to connections of the sandbox."""

    def submitted(order: str, *connections: str) -> None:
        assert set(connections) <= set(sandbox)
        for command in (["import", "orders.json"], *(["register", order, "--at", name] for name in connections)):
            ran = CliRunner().invoke(orderdesk, command)
            assert ran.exit_code == 0, ran.output

    return submitted


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Remember which tests a page has, before `-k` leaves some out; what judges them comes last."""
    for item in items:
        page = getattr(item.module, "PAGE", None) if isinstance(item, pytest.Function) else None
        if isinstance(page, str | Path):  # Other modules name other things so.
            _TESTS.setdefault((FOLDER / page).resolve(), set()).add(item.nodeid)
    items.sort(key=lambda item: item.path.name == LAST)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember how each test ended."""
    _ENDED[report.nodeid] = not report.failed and _ENDED.get(report.nodeid, True)


@pytest.fixture
def left_out() -> Callable[[Path], list[Block]]:
    """Gives the blocks of a page that none of its tests ran; skips where these were not all run, or one failed."""

    def of(page: Path) -> list[Block]:
        if not all(_ENDED.get(test, False) for test in _TESTS.get(page, {""})):
            pytest.skip(f"the tests of {page.name} did not all run and pass here")
        return [block for block in blocks_of(str(page)) if (page, block.number) not in _RUN]

    return of
