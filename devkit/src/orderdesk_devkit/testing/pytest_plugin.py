"""The pytest plugin: fixtures, `--fuzz`, what the conformance suite counted, and what could not be checked here.

Registered under `pytest11` as `orderdesk`. It imports nothing of the SDK before the fixture is asked for, so a test run
pays nothing for having it.

The fixtures `clock`, `simulator`, `open_harness`, `harness`, `desk` and `service` are of the integration that the
test's class or module names:

    integration = "acme-ship"

    def test_a_cancel_is_read_back(stage, simulator):
        simulator.add_order(stage.order, lines=LINES)
        stage.cancel()
        assert stage.follow().state is State.CANCELED
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

from orderdesk_devkit.testing.report_keys import CONFORMANCE, FAILPOINTS, LOUD_SKIPS, UNTESTED

if TYPE_CHECKING:
    from orderdesk_devkit.simulators.simulator import Simulator
    from orderdesk_devkit.testing.failpoints.fork_server import ForkServer
    from orderdesk_devkit.testing.harness import PluginHarness, SimulatedHarness
    from orderdesk_sdk.clock import VirtualClock
    from orderdesk_sdk.desk.desk import Desk
    from orderdesk_sdk.plugin.service import Service

__all__ = [
    "HISTORIES",
    "HarnessOpener",
    "cassette",
    "clock",
    "desk",
    "fuzz",
    "histories",
    "fork_server",
    "kills",
    "open_harness",
    "pytest_addoption",
    "pytest_terminal_summary",
    "service",
    "simulator",
    "harness",
]

FUZZ = 500
"""Malformed responses for each integration in every run."""

HISTORIES = "histories"
"""The property under which random histories record (what, how many); one line says them all in the summary."""

MAX_HISTORIES = 150
"""Random histories in every run."""


MAX_KILLS = 100
"""Processes that are killed at random, of several at once on one ledger, in every run."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options --fuzz, --histories and --kills."""
    parser.addoption(
        "--kills",
        type=int,
        default=MAX_KILLS,
        metavar="N",
        help=f"processes killed at random, of several at once on one ledger (default: {MAX_KILLS})",
    )
    parser.addoption(
        "--fuzz",
        type=int,
        default=FUZZ,
        metavar="N",
        help=f"malformed responses for each integration (default: {FUZZ})",
    )
    parser.addoption(
        "--histories",
        type=int,
        default=MAX_HISTORIES,
        metavar="N",
        help=f"random histories at all services (default: {MAX_HISTORIES})",
    )


def without_lost_interrupts(
    report: Callable[[sys.UnraisableHookArgs], object],
) -> Callable[[sys.UnraisableHookArgs], object]:
    """`report` as a `sys.unraisablehook`, but for the interrupt of hung code: what is lost of that is sent again.

    pytest takes whatever a `__del__` or the callback of a weak reference raised for an error of the test that runs
    then, which need not be the one that left the code behind. Every other exception stays an error.
    """

    def report_others(unraisable: sys.UnraisableHookArgs) -> None:
        guard = sys.modules.get("orderdesk_sdk.plugin.guard")
        if guard is None or unraisable.exc_type is not guard.PluginTimeout:
            report(unraisable)

    return report_others


@pytest.fixture(scope="session", autouse=True)
def _lost_interrupts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "unraisablehook", without_lost_interrupts(sys.unraisablehook))
        yield


@pytest.fixture
def fuzz(request: pytest.FixtureRequest) -> int:
    """How many malformed responses are tried on an integration."""
    number: int = request.config.getoption("--fuzz")
    return number


@pytest.fixture
def histories(request: pytest.FixtureRequest) -> int:
    """How many random histories are tried."""
    number: int = request.config.getoption("--histories")
    return number


@pytest.fixture
def kills(request: pytest.FixtureRequest) -> int:
    """How many processes are killed at random while others work on the same ledger."""
    number: int = request.config.getoption("--kills")
    return number


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    """Where the children of all failpoints of a run come from."""
    from orderdesk_devkit.testing.failpoints.fork_server import ForkServer

    with ForkServer() as raised:
        yield raised


# They are no test files by their names.
pytest.register_assert_rewrite("orderdesk_devkit.testing.cassette_suite", "orderdesk_devkit.testing.api_suite")


@pytest.fixture
def cassette(request: pytest.FixtureRequest) -> Iterator[Callable[[str], PluginHarness]]:
    """Plays a scenario of the `scenarios.py` beside the test against its cassette; gives the stage as it is then.

    The network is off while it plays, and the test fails where play and cassette differ. See
    `orderdesk_devkit.testing.scenarios`.
    """
    from orderdesk_devkit.testing.scenarios import replay_scenario

    with ExitStack() as stages:
        yield lambda name: stages.enter_context(replay_scenario(request.path.parent, name))


@pytest.fixture
def clock() -> VirtualClock:
    """The clock of `simulator` and `desk`: time passes when the test says so."""
    from orderdesk_sdk.clock import VirtualClock

    return VirtualClock()


@pytest.fixture
def simulator(request: pytest.FixtureRequest, clock: VirtualClock) -> Simulator:
    """The simulator that the integration's plugin ships, without an order."""
    from orderdesk_devkit.simulators.simulator import simulators

    slug, known = _integration(request), simulators()
    if slug not in known:
        raise pytest.UsageError(
            f"{slug} has no simulator; installed are those of: {', '.join(sorted(known)) or 'none'}"
        )
    made: Simulator = known[slug].load()(clock)
    return made


class HarnessOpener(Protocol):
    """Opens a stage before `simulator`, served on loopback, by a connection named like the integration.

    Args:
        settings: in place of those that the simulator gives; None takes one away.
        order: its number; "" for the `order` of the test's class or module, or 1042.
        lines: see `harness.LINES`.
        details: see `harness.harness_order`.
        slug: of another integration of the same simulator.
        before: another simulator, by a clock of its own or the same. The simulator does not have the order yet: put it
            there as the test wants it.
    """

    def __call__(
        self,
        settings: Mapping[str, object] | None = None,
        *,
        order: str = "",
        lines: tuple[tuple[str, int], ...] | None = None,
        details: Mapping[str, object] | None = None,
        slug: str = "",
        before: Simulator | None = None,
    ) -> SimulatedHarness: ...


@pytest.fixture
def open_harness(request: pytest.FixtureRequest, simulator: Simulator) -> Iterator[HarnessOpener]:
    """Opens stages before `simulator`; they are closed after the test."""
    from orderdesk_devkit.testing.harness import LINES, ORDER, open_simulated_harness

    with ExitStack() as stages:

        def open_(
            settings: Mapping[str, object] | None = None,
            *,
            order: str = "",
            lines: tuple[tuple[str, int], ...] | None = None,
            details: Mapping[str, object] | None = None,
            slug: str = "",
            before: Simulator | None = None,
        ) -> SimulatedHarness:
            stage = open_simulated_harness(
                slug or _integration(request),
                before or simulator,
                order=order or _marker_value(request, "order") or ORDER,
                lines=LINES if lines is None else lines,
                details=details,
                settings=settings,
            )
            return stages.enter_context(stage)

        yield open_


@pytest.fixture
def harness(open_harness: HarnessOpener) -> SimulatedHarness:
    """A stage before `simulator`, which does not have the order yet."""
    return open_harness()


@pytest.fixture
def desk(open_harness: HarnessOpener, simulator: Simulator) -> Desk:
    """A desk whose one order is at `simulator`, by a connection named like the integration.

    Its number is 1042, or the `order` of the test's class or module.
    """
    from orderdesk_devkit.testing.harness import LINES

    stage = open_harness()
    simulator.add_order(stage.order, lines=LINES)
    return stage.desk


@pytest.fixture
def service(request: pytest.FixtureRequest, desk: Desk, clock: VirtualClock) -> Service[object]:
    """What a flow of the integration holds in its hands, now: for driving one without a network."""
    return desk.connections.get(_integration(request)).service(clock.now())


def _integration(request: pytest.FixtureRequest) -> str:
    slug = _marker_value(request, "integration")
    if not slug:
        raise pytest.UsageError(
            f"{request.path.name}: say which integration {request.node.name} is about: "
            'integration = "acme-ship", in its class or module'
        )
    return slug


def _marker_value(request: pytest.FixtureRequest, name: str) -> str:
    """An attribute of the test's class or module, where it is a text; "" where there is none."""
    found = (getattr(holder, name, None) for holder in (request.cls, request.module) if holder is not None)
    return next((told for told in found if isinstance(told, str)), "")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A yellow line for each reason of a loud skip, a line for each scenario of failpoints and each integration."""
    counts: dict[str, int] = {}
    for report in terminalreporter.getreports("skipped"):
        # (path, line, "Skipped: reason") for a skip; a text in other cases.
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        told = reason.partition(": ")[2]
        if told.startswith(LOUD_SKIPS):
            counts[told] = counts.get(told, 0) + 1
    for told, count in counts.items():
        terminalreporter.write_line(f"WARNING: {count} skipped, {told}", yellow=True)
    sums: dict[str, dict[str, int]] = {}
    lived: list[str] = []
    untested: dict[tuple[str, str, bool], None] = {}
    for report in (one for end in ("passed", "failed", "skipped") for one in terminalreporter.getreports(end)):
        for name, told in report.user_properties if report.when == "call" else ():
            if name == FAILPOINTS:
                terminalreporter.write_line(f"{FAILPOINTS}: {told}")
            if name == CONFORMANCE:
                slug, what, number = told
                sums.setdefault(slug, {}).setdefault(what, 0)
                sums[slug][what] += number
            if name == UNTESTED:
                untested[tuple(told)] = None
            if name == HISTORIES:
                lived.append(f"{told[1]:,} {told[0]}")
    for slug, counted in sums.items():
        terminalreporter.write_line(
            f"{CONFORMANCE}: {slug}: {', '.join(f'{number:,} {what}' for what, number in counted.items())}"
        )
    for slug, what, _ in untested:
        terminalreporter.write_line(f"{UNTESTED}: {slug}: {what}", yellow=True)
    if lived:
        terminalreporter.write_line(f"{HISTORIES}: {', '.join(lived)}")
