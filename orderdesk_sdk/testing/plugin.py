"""The pytest plugin: fixtures, `--fuzz`, what the conformance suite counted, and which checks of a vendor did not run.

Registered under `pytest11` as `orderdesk`. It imports nothing of the SDK before the fixture is asked for, so a test run
pays nothing for having it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from orderdesk_sdk.testing.kill_nursery import Nursery
    from orderdesk_sdk.testing.stage import Stage

__all__ = [
    "COUNTED",
    "HISTORIES",
    "KILLED",
    "LOUD",
    "cassette",
    "fuzz",
    "histories",
    "kill_nursery",
    "pytest_addoption",
    "pytest_terminal_summary",
]

LOUD = "not checked against the vendor: "
"""How the reason of a skip begins that must not go unseen."""

KILLED = "kill points"
"""The property under which a test records what `orderdesk_sdk.testing.kill_points` did; it is said in the summary."""

COUNTED = "conformance"
"""The property under which a standard test records (integration, what, how many); the sums are said in the summary."""

FUZZ = 500
"""Malformed replies for each integration in every run."""

HISTORIES = "histories"
"""The property under which random histories record (what, how many); one line says them all in the summary."""

MOST_HISTORIES = 150
"""Random histories in every run."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options --fuzz and --histories."""
    parser.addoption(
        "--fuzz", type=int, default=FUZZ, metavar="N", help=f"malformed replies for each integration (default: {FUZZ})"
    )
    parser.addoption(
        "--histories", type=int, default=MOST_HISTORIES, metavar="N",
        help=f"random histories at all services (default: {MOST_HISTORIES})",
    )  # fmt: skip


@pytest.fixture
def fuzz(request: pytest.FixtureRequest) -> int:
    """How many malformed replies are tried on an integration."""
    number: int = request.config.getoption("--fuzz")
    return number


@pytest.fixture
def histories(request: pytest.FixtureRequest) -> int:
    """How many random histories are tried."""
    number: int = request.config.getoption("--histories")
    return number


@pytest.fixture(scope="session")
def kill_nursery() -> Iterator[Nursery]:
    """Where the children of all kill points of a run come from."""
    from orderdesk_sdk.testing.kill_nursery import Nursery

    with Nursery() as raised:
        yield raised


pytest.register_assert_rewrite("orderdesk_sdk.testing.cassette_suite")  # It is no test file by its name.


@pytest.fixture
def cassette(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Stage]]:
    """Plays a scenario of the `scenarios.py` beside the test against its cassette; gives the stage as it is then.

    The network is off while it plays, and the test fails where play and cassette differ. See
    `orderdesk_sdk.testing.scenarios`.
    """
    from orderdesk_sdk.testing.scenarios import replayed

    with ExitStack() as stages:
        yield lambda name: stages.enter_context(replayed(request.path.parent, name))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A yellow line for each reason of a loud skip, a line for each scenario of kill points and each integration."""
    counts: dict[str, int] = {}
    for report in terminalreporter.getreports("skipped"):
        # (path, line, "Skipped: reason") for a skip; a text in other cases.
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        _, loud, rest = reason.partition(LOUD)
        if loud:
            counts[rest] = counts.get(rest, 0) + 1
    for rest, count in counts.items():
        terminalreporter.write_line(f"WARNING: {count} skipped, {LOUD}{rest}", yellow=True)
    sums: dict[str, dict[str, int]] = {}
    lived: list[str] = []
    for report in (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")):
        for name, told in report.user_properties if report.when == "call" else ():
            if name == KILLED:
                terminalreporter.write_line(f"{KILLED}: {told}")
            if name == COUNTED:
                slug, what, number = told
                sums.setdefault(slug, {}).setdefault(what, 0)
                sums[slug][what] += number
            if name == HISTORIES:
                lived.append(f"{told[1]:,} {told[0]}")
    for slug, counted in sums.items():
        terminalreporter.write_line(
            f"{COUNTED}: {slug}: {', '.join(f'{number:,} {what}' for what, number in counted.items())}"
        )
    if lived:
        terminalreporter.write_line(f"{HISTORIES}: {', '.join(lived)}")
