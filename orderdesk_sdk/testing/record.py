"""The command that records a plugin's cassettes: python -m orderdesk_sdk.testing.record SLUG [SCENARIO ...] [--live].

Against the simulator it records every scenario anew, always the same but for the date. With --live it plays one
scenario with an order of yours at the real service, after it said what that does and you said --yes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import yaml

from orderdesk_sdk.case import OPEN
from orderdesk_sdk.clock import SystemClock, VirtualClock
from orderdesk_sdk.config import find_config
from orderdesk_sdk.declaration import Integration
from orderdesk_sdk.desk import Desk
from orderdesk_sdk.errors import ConfigurationError, InputError, NotAllowedError, OrderDeskError
from orderdesk_sdk.settings import SettingKind, settings_fields
from orderdesk_sdk.testing.cassettes import Head, Provenance, Scene, Source, read_head, record
from orderdesk_sdk.testing.scenarios import Scenario, Scenarios, load_scenarios, sdk_version
from orderdesk_sdk.testing.scrubbing import Scrubber, private_texts
from orderdesk_sdk.testing.stage import Stage, simulated

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
    with simulated(scenarios.integration, simulator, order=scenario.order, lines=scenario.lines) as stage:
        _record(scenarios, scenario, stage, Source.SIMULATOR, file)


def record_live(scenarios: Scenarios, scenario: Scenario, stage: Stage, file: Path) -> None:
    """Record a scenario against the live service of the stage's connection into `file`."""
    _record(scenarios, scenario, stage, Source.LIVE, file)


def _record(scenarios: Scenarios, scenario: Scenario, stage: Stage, source: Source, file: Path) -> None:
    order = stage.desk.host.order(stage.order)
    connection = stage.desk.connections.get(stage.connection)
    today = datetime.now(UTC).date()
    head = Head(
        Provenance(source, scenarios.integration, scenarios.service_version, today, sdk_version()),
        Scene(
            stage.clock.now().replace(microsecond=0),
            stage.order,
            order.added_at or stage.clock.now().replace(microsecond=0),
            tuple((line.code, line.quantity) for line in order.lines),
            _plain(connection.integration, connection.settings),
        ),
    )
    scrubber = Scrubber(connection.integration, connection.settings, private_texts(order))
    with record(file, head, scrubber):
        scenario.play(stage)


def _plain(integration: Integration, settings: object) -> dict[str, object]:
    fields = [one for one in settings_fields(integration.settings) if one.kind is SettingKind.PLAIN]
    values = {one.name: getattr(settings, one.name) for one in fields}
    return {one.name: values[one.name] for one in fields if values[one.name] != one.default}


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
        print("The cassette will hold the order's number, its codes and quantities; read it before you share it.")
        if not asked.yes:
            print("Nothing was sent. Add --yes to do it.")
            return 2
        file = _file(tests, scenario)
        record_live(scenarios, scenario, Stage(desk, clock, asked.connection, order.number), file)
        print(f"recorded {file}: {_exchanges(file)} exchanges with the live service")
    return 0


def _file(tests: Path, scenario: Scenario) -> Path:
    return tests / "cassettes" / f"{scenario.name}.yaml"


def _exchanges(file: Path) -> int:
    return len(yaml.safe_load(file.read_text(encoding="utf-8"))["interactions"])


def _tests_of(slug: str) -> Path:
    """The plugin's tests: in this checkout's plugins/, else those of the plugin whose folder this is."""
    inside = Path("plugins") / slug.replace("-", "_") / "tests"
    return inside if inside.is_dir() else Path("tests")


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
