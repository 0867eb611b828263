"""The command that records cassettes: python -m orderdesk_devkit.testing.record SLUG [SCENARIO ...] [--live].

Against the simulator it records every scenario anew, always the same but for the date. With --live it plays one
scenario with an order of yours at the real service, after it said what that does and you said --yes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import assert_never

import yaml

from orderdesk_devkit.testing.cassettes import Head, Provenance, Scene, Source, read_head, record
from orderdesk_devkit.testing.harness import Stage, details_of, simulated
from orderdesk_devkit.testing.scenarios import Scenario, Scenarios, load_scenarios, sdk_version
from orderdesk_devkit.testing.scrubbing import Scrubber, private_texts
from orderdesk_sdk.cases.case import OPEN
from orderdesk_sdk.clock import SystemClock, VirtualClock
from orderdesk_sdk.desk.config import find_config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConfigurationError, InputError, NotAllowedError, OrderDeskError
from orderdesk_sdk.plugin.connection_settings import SettingKind, settings_fields

__all__ = ["main", "record_live", "record_simulated"]


def main(arguments: Sequence[str]) -> int:
    """Run the command; gives the exit code: 0 when it recorded, 1 for a mistake, 2 where it waits for --yes."""
    asked = _parser().parse_args(arguments)
    try:
        tests = asked.tests or _tests_of(asked.integration)
        scenarios = load_scenarios(tests)
        if scenarios.integration != asked.integration:
            raise InputError(f"its scenarios are those of {scenarios.integration}", place=str(tests))
        if asked.live:
            return _live(asked, scenarios, tests)
        if asked.config or asked.connection or asked.order or asked.yes:
            raise InputError("--config, --connection, --order and --yes belong to --live")
        for scenario in [scenarios.named(name) for name in asked.scenario] or scenarios.table:
            file = _file(tests, scenario)
            if not asked.scenario and file.exists() and read_head(file).provenance.source is Source.LIVE:
                print(f"kept {file}: it was recorded live; name {scenario.name} to record over it")
                continue
            record_simulated(scenarios, scenario, file)
            print(f"recorded {file}: {_exchanges(file)} exchanges with the simulator; {scenario.about}")
        for stray in sorted({*(tests / "cassettes").glob("*.yaml")} - {_file(tests, one) for one in scenarios.table}):
            print(f"{stray} belongs to no scenario; delete it")
    except OrderDeskError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def record_simulated(scenarios: Scenarios, scenario: Scenario, file: Path) -> None:
    """Record a scenario against the plugin's simulator, on a virtual clock, into `file`."""
    clock = VirtualClock()
    simulator = scenario.simulator(clock)
    for name, choice in scenario.switches.items():
        simulator.set_switch(name, choice)
    with simulated(
        scenarios.integration,
        simulator,
        order=scenario.order,
        lines=scenario.lines,
        details=scenario.details,
        settings=scenario.settings,
    ) as stage:
        _record(scenarios, scenario, stage, Source.SIMULATOR, file)


def record_live(scenarios: Scenarios, scenario: Scenario, stage: Stage, file: Path) -> None:
    """Record a scenario against the live service of the stage's connection into `file`."""
    _record(scenarios, scenario, stage, Source.LIVE, file)


def _record(scenarios: Scenarios, scenario: Scenario, stage: Stage, source: Source, file: Path) -> None:
    order = stage.desk.host.order(stage.order)
    connection = stage.desk.connections.get(stage.connection)
    today = datetime.now(UTC).date()
    now = stage.clock.now().replace(microsecond=0)
    head = Head(
        Provenance(source, scenarios.integration, scenarios.service_version, today, sdk_version()),
        Scene(
            now,
            stage.order,
            order.added_at or now,
            stage.placement.submitted_at.replace(microsecond=0),
            tuple((line.code, line.quantity) for line in order.lines),
            details_of(order, scenario.details),
            _settings(connection.settings, stage.configured.settings),
        ),
    )
    scrubber = Scrubber(connection.integration, connection.settings, private_texts(order))
    with record(file, head, scrubber):
        scenario.play(stage)


def _settings(settings: object, configured: Mapping[str, object]) -> dict[str, object]:
    """What a replay needs to know of the settings, as it was configured: what was parsed is parsed again then."""
    kept: dict[str, object] = {}
    for one in settings_fields(type(settings)):
        match one.kind:
            case SettingKind.PLAIN | SettingKind.PARSED:
                if one.name in configured and getattr(settings, one.name) != one.default:
                    kept[one.name] = configured[one.name]
            case SettingKind.HOST | SettingKind.SECRET:
                continue  # Whoever replays has others.
            case _:
                assert_never(one.kind)
    return kept


def _live(asked: argparse.Namespace, scenarios: Scenarios, tests: Path) -> int:
    if not (len(asked.scenario) == 1 and asked.config and asked.connection and asked.order):
        raise InputError("--live takes one SCENARIO, --config FILE, --connection NAME and --order NUMBER")
    scenario = scenarios.named(asked.scenario[0])
    if scenario.live is None:
        text = f"{scenario.name} cannot be recorded live: the service cannot be brought to it on purpose"
        raise NotAllowedError(text, remedy="record it against the simulator")
    config = find_config(asked.config)
    clock = SystemClock()
    with Desk(config, clock=clock) as desk:
        connection = desk.connections.get(asked.connection)
        if connection.integration.slug != scenarios.integration:
            raise ConfigurationError(f"is a connection to {connection.integration.slug}", place=asked.connection)
        order = desk.host.order(asked.order)
        places = [placement.connection for placement in desk.host.placements(order.id)]
        if places != [asked.connection]:
            raise NotAllowedError(
                f"it is registered at {', '.join(places) or 'no connection'}; this would cancel it at all of them",
                place=f"order {order.number}",
                remedy=f"take an order that is at {asked.connection} only (`orderdesk place` registers it)",
            )
        if desk.cases(states=tuple(OPEN)):
            raise NotAllowedError(
                "other cancellations are open in its ledger; following them up would be recorded too",
                place=str(config.ledger),
                remedy="wait until they are settled, or take a configuration with a ledger of its own",
            )
        base = connection.service(clock.now()).base_url or connection.integration.title
        print(f"Plays {scenario.name!r} with order {order.number} at {base}, for real: {scenario.live}.")
        print(f"It is written into the ledger {config.ledger}, as any cancellation, and waits as long as it takes.")
        named = ", ".join(["number", "codes and quantities", *scenario.details])
        print(f"The cassette will hold of the order: {named}; read it before you share it.")
        if not asked.yes:
            print("Nothing was sent. Add --yes to do it.")
            return 2
        file = _file(tests, scenario)
        stage = Stage(desk, clock, asked.connection, order.number, config.connections[asked.connection])
        record_live(scenarios, scenario, stage, file)
        print(f"recorded {file}: {_exchanges(file)} exchanges with the live service")
    return 0


def _file(tests: Path, scenario: Scenario) -> Path:
    return tests / "cassettes" / f"{scenario.name}.yaml"


def _exchanges(file: Path) -> int:
    return len(yaml.safe_load(file.read_text(encoding="utf-8"))["interactions"])


def _tests_of(slug: str) -> Path:
    """The integration's tests: in this checkout's plugins/, else those of the plugin whose folder this is.

    A plugin's second integration has a folder of its own in the plugin's tests.
    """
    name = slug.replace("-", "_")
    inside = [Path("plugins") / name / "tests", *sorted(Path("plugins").glob(f"*/tests/{name}"))]
    return next((tests for tests in inside if tests.is_dir()), Path("tests"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="record",
        description="Record a plugin's cassettes: against its simulator, or with --live against the service.",
    )
    parser.add_argument("integration", metavar="SLUG", help="the integration, such as amazon-mcf")
    parser.add_argument("scenario", metavar="SCENARIO", nargs="*", help="scenarios by name; all where none is given")
    parser.add_argument("--tests", type=Path, metavar="DIR", help="where scenarios.py is, if not in plugins/SLUG/tests")
    live = parser.add_argument_group("with an account of yours")
    live.add_argument("--live", action="store_true", help="play one scenario at the real service")
    live.add_argument(
        "--config", type=Path, metavar="FILE", help="an orderdesk.toml; secrets come from the environment"
    )
    live.add_argument("--connection", metavar="NAME", help="the connection in it")
    live.add_argument("--order", metavar="NUMBER", help="the order; it must be registered at that connection only")
    live.add_argument("--yes", action="store_true", help="do it; without, it only says what it would do")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
