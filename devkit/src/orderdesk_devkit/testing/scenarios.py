"""Scenarios: the conversations with its service that a plugin keeps as cassettes.

A plugin declares them in `tests/scenarios.py`, as one table named `SCENARIOS`:

    SCENARIOS = Scenarios(
        "acme-ship",
        service_version="orders API v2",
        table=(
            Scenario(
                "cancel-honored",
                about="a cancel in time, polled until it is canceled",
                play=cancel_and_follow,                # def cancel_and_follow(stage: Stage) -> None
                simulator=before_picking,              # def before_picking(clock: Clock) -> Simulator
                live="asks Acme to cancel the order; take one that nobody packs yet",
                details={"order_items": [{"metadata": {"print_url": "https://files.example.com/a.png"}}]},
            ),
        ),
    )

`python -m orderdesk_devkit.testing.record acme-ship` plays each and writes `tests/cassettes/NAME.yaml`; a test asks the
fixture `cassette` for the name, gets the stage after the same play, and judges what came of it.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from attrs import field, frozen

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.simulator import Simulator, simulators
from orderdesk_devkit.testing.cassettes import CassetteHeader, CassetteSetup, Source, read_header, replay
from orderdesk_devkit.testing.harness import (
    LINES,
    ORDER,
    PluginHarness,
    connection_config,
    details_of,
    harness_order,
    open_plugin_harness,
)
from orderdesk_devkit.testing.scrubbing import Scrubber, personal_texts, recorded_host
from orderdesk_sdk.clock import Clock, VirtualClock
from orderdesk_sdk.errors import ConfigurationError, NotFoundError
from orderdesk_sdk.plugin.connection_settings import SettingKind, settings_fields
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.runtime.connection_config import make_settings
from orderdesk_sdk.secret import HIDDEN

__all__ = [
    "Scenario",
    "Scenarios",
    "cancel_and_follow",
    "cancel_and_resubmit",
    "load_scenarios",
    "replay_scenario",
    "sdk_version",
    "with_fault",
    "with_order",
]

FILE = "scenarios.py"
ADDRESS = "replayed@example.invalid"
"""What stands in a replay for a setting that was hidden whole: it was somebody's address, and must be one."""
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@frozen
class Scenario:
    """One conversation.

    Args:
        name: its cassette is `cassettes/NAME.yaml`.
        description: what it shows, in a line.
        play: what is done at the stage; the same when recording and when replaying.
        simulator: makes the simulator, with the order `order` in the state that it is about; the clock stands still
            unless the play waits.
        live: what playing it does to a live account and which order it takes, as a sentence for the person who says
            yes; None where the live service cannot be brought to it on purpose.
        details: what the order has beyond number, lines and a person, see `harness.harness_order`; of a live order the
            same keys are kept in the cassette, and no others, so name no person's.
        settings: in place of the simulator's.
        options: choices of the simulator, by name, set after `simulator` made it and its order.
    """

    name: str = field()
    description: str = field(kw_only=True)
    play: Callable[[PluginHarness], None] = field(kw_only=True)
    simulator: Callable[[Clock], Simulator] = field(kw_only=True)
    live: str | None = field(kw_only=True)
    order: str = field(default=ORDER, kw_only=True)
    lines: tuple[tuple[str, int], ...] = field(default=LINES, kw_only=True)
    details: Mapping[str, object] = field(factory=dict, kw_only=True)
    settings: Mapping[str, object] = field(factory=dict, kw_only=True)
    options: Mapping[str, str] = field(factory=dict, kw_only=True)

    @name.validator
    def _check_name(self, _: object, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise ValueError(f"the name {name!r} must be lower-case words joined by hyphens")


@frozen
class Scenarios:
    """The scenarios of one integration.

    Args:
        service_version: which API of the service they talk to.
    """

    integration: str
    service_version: str = field(kw_only=True)
    table: tuple[Scenario, ...] = field(kw_only=True)

    def named(self, name: str) -> Scenario:
        """A scenario by its name. Raises NotFoundError."""
        for scenario in self.table:
            if scenario.name == name:
                return scenario
        known = ", ".join(scenario.name for scenario in self.table)
        raise NotFoundError(f"there is no scenario {name!r}", location=FILE, hint=f"one of: {known}")


def cancel_and_follow(harness: PluginHarness) -> None:
    """Cancel the order and let time pass until it is settled or a person has it: what most scenarios play."""
    harness.cancel()
    harness.follow_up()


def cancel_and_resubmit(harness: PluginHarness) -> None:
    """As `cancel_and_follow`, and then the order is submitted again."""
    cancel_and_follow(harness)
    harness.resubmit()


def with_order(
    service: str | Callable[[Clock], Simulator], number: str = ORDER, **state: object
) -> Callable[[Clock], Simulator]:
    """What `Scenario.simulator` takes: a simulator that has the order.

    Args:
        service: a maker of simulators, or the integration whose installed one it is.
        state: how the order stands there, in words of its own `add_order`; none of them: it has just come in.
    """

    def make(clock: Clock) -> Simulator:
        made: Simulator = (simulators()[service].load() if isinstance(service, str) else service)(clock)
        add: Callable[..., None] = made.add_order
        add(number, lines=LINES, **state)
        return made

    return make


def with_fault(
    simulator: Callable[[Clock], Simulator],
    kind: Fault,
    *,
    method: str | None = None,
    path: str | None = None,
    times: int = 1,
) -> Callable[[Clock], Simulator]:
    """The same simulator, whose next `times` requests of this method and path meet trouble; see `faults.add`."""

    def make(clock: Clock) -> Simulator:
        made = simulator(clock)
        made.faults.add(kind, method=method, path=path, times=times)
        return made

    return make


def load_scenarios(tests: Path) -> Scenarios:
    """The scenarios in a folder of tests. Raises ConfigurationError where it declares none."""
    path = tests / FILE
    hint = "declare SCENARIOS there; see orderdesk_devkit.testing.scenarios"
    spec = importlib.util.spec_from_file_location(f"orderdesk_scenarios_{abs(hash(path.resolve()))}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ConfigurationError("there is no such file", location=str(path), hint=hint)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    found = getattr(module, "SCENARIOS", None)
    if not isinstance(found, Scenarios):
        raise ConfigurationError("it declares no SCENARIOS", location=str(path), hint=hint)
    return found


@contextmanager
def replay_scenario(tests: Path, name: str) -> Iterator[PluginHarness]:
    """The stage after a scenario was played against its cassette, by a clock that began at the recorded time.

    Raises CassetteMismatch where play and cassette differ, ConfigurationError where the cassette is of another service.
    """
    scenarios = load_scenarios(tests)
    scenario = scenarios.named(name)
    file = tests / "cassettes" / f"{name}.yaml"
    head = read_header(file)
    _validate_header(head, scenarios, file)
    registry = PluginRegistry()
    integration = registry.load(scenarios.integration).integration
    settings = _settings(integration.settings, head.setup)
    made = make_settings(integration.settings, connection_config(scenarios.integration, settings, registry))
    setup = head.setup
    with open_plugin_harness(
        scenarios.integration,
        settings,
        VirtualClock(setup.clock),
        order=setup.order,
        lines=setup.lines,
        details=setup.details,
        added_at=setup.added_at,
        submitted_at=setup.submitted_at,
        registry=registry,
    ) as stage:
        scrubber = Scrubber(integration, made, personal_texts(stage.desk.order_store.get_order(stage.order)))
        if head.provenance.source is Source.SIMULATOR:
            _validate_order(setup, scenarios, scenario, scrubber, file)
        with replay(file, scrubber):
            scenario.play(stage)
        yield stage


def sdk_version() -> str:
    """The version of the SDK, as a cassette names it."""
    return version("orderdesk-sdk")


def _validate_header(header: CassetteHeader, scenarios: Scenarios, file: Path) -> None:
    told, wanted = header.provenance, (scenarios.integration, scenarios.service_version)
    if (told.integration, told.service_version) != wanted:
        raise ConfigurationError(
            f"it was recorded for {told.integration}, {told.service_version}; {FILE} says {wanted[0]}, {wanted[1]}",
            location=f"{file}: provenance",
            hint=f"record it again: python -m orderdesk_devkit.testing.record {scenarios.integration}",
        )


def _validate_order(
    setup: CassetteSetup, scenarios: Scenarios, scenario: Scenario, scrubber: Scrubber, file: Path
) -> None:
    details = details_of(harness_order(scenario.order, scenario.lines, scenario.details), scenario.details)
    wanted = (scenario.order, scenario.lines, scrubber.plain(details))
    if (setup.order, setup.lines, setup.details) != wanted:
        raise ConfigurationError(
            "its order is not the scenario's",
            location=f"{file}: setup",
            hint=f"record it again: python -m orderdesk_devkit.testing.record {scenarios.integration} {scenario.name}",
        )


def _settings(cls: type, setup: CassetteSetup) -> dict[str, object]:
    """Settings under which a recorded connection is what it was: stored hosts, worthless secrets, the rest as kept."""
    made: dict[str, object] = dict(setup.settings)
    for one in settings_fields(cls):
        match one.kind:
            case SettingKind.URL:
                made[one.name] = recorded_host(one)
            case SettingKind.SECRET:
                made[one.name] = f"replayed {one.name}"
            case SettingKind.PLAIN | SettingKind.CUSTOM if made.get(one.name) == HIDDEN:
                made[one.name] = ADDRESS
            case SettingKind.PLAIN | SettingKind.CUSTOM:
                continue  # As it was recorded.
    return made
