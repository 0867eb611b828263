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

from orderdesk_devkit.testing.cassettes import CassetteHeader, CassetteSetup, Provenance, Source, read_header, record
from orderdesk_devkit.testing.harness import PluginHarness, details_of, open_simulated_harness
from orderdesk_devkit.testing.scenarios import Scenario, Scenarios, load_scenarios, sdk_version
from orderdesk_devkit.testing.scrubbing import Scrubber, personal_texts
from orderdesk_sdk.cases.case import OPEN
from orderdesk_sdk.clock import SystemClock, VirtualClock
from orderdesk_sdk.desk.config import find_config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConfigurationError, InvalidStateError, OrderDeskError, ValidationError
from orderdesk_sdk.plugin.connection_settings import SettingKind, settings_fields

__all__ = ["main", "record_live", "record_simulated"]


def main(arguments: Sequence[str]) -> int:
    """Run the command; gives the exit code: 0 when it recorded, 1 for a mistake, 2 where it waits for --yes."""
    asked = _parser().parse_args(arguments)
    try:
        tests = asked.tests or _tests_of(asked.integration)
        scenarios = load_scenarios(tests)
        if scenarios.integration != asked.integration:
            raise ValidationError(f"its scenarios are those of {scenarios.integration}", location=str(tests))
        if asked.live:
            return _record_live(asked, scenarios, tests)
        if asked.config or asked.connection or asked.order or asked.yes:
            raise ValidationError("--config, --connection, --order and --yes belong to --live")
        for scenario in [scenarios.named(name) for name in asked.scenario] or scenarios.table:
            file = _file(tests, scenario)
            if not asked.scenario and file.exists() and read_header(file).provenance.source is Source.LIVE:
                print(f"kept {file}: it was recorded live; name {scenario.name} to record over it")
                continue
            record_simulated(scenarios, scenario, file)
            print(f"recorded {file}: {_exchanges(file)} exchanges with the simulator; {scenario.description}")
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
    for name, choice in scenario.options.items():
        simulator.set_option(name, choice)
    with open_simulated_harness(
        scenarios.integration,
        simulator,
        order=scenario.order,
        lines=scenario.lines,
        details=scenario.details,
        settings=scenario.settings,
    ) as stage:
        _record(scenarios, scenario, stage, Source.SIMULATOR, file)


def record_live(scenarios: Scenarios, scenario: Scenario, harness: PluginHarness, file: Path) -> None:
    """Record a scenario against the live service of the stage's connection into `file`."""
    _record(scenarios, scenario, harness, Source.LIVE, file)


def _record(scenarios: Scenarios, scenario: Scenario, harness: PluginHarness, source: Source, file: Path) -> None:
    order = harness.desk.order_store.get_order(harness.order)
    connection = harness.desk.connections.get(harness.connection)
    today = datetime.now(UTC).date()
    now = harness.clock.now().replace(microsecond=0)
    head = CassetteHeader(
        Provenance(source, scenarios.integration, scenarios.service_version, today, sdk_version()),
        CassetteSetup(
            now,
            harness.order,
            order.added_at or now,
            harness.remote_order.submitted_at.replace(microsecond=0),
            tuple((line.code, line.quantity) for line in order.lines),
            details_of(order, scenario.details),
            _settings(connection.settings, harness.connection_config.settings),
        ),
    )
    scrubber = Scrubber(connection.integration, connection.settings, personal_texts(order))
    with record(file, head, scrubber):
        scenario.play(harness)


def _settings(settings: object, configured: Mapping[str, object]) -> dict[str, object]:
    """What a replay needs to know of the settings, as it was configured: what was parsed is parsed again then."""
    kept: dict[str, object] = {}
    for one in settings_fields(type(settings)):
        match one.kind:
            case SettingKind.PLAIN | SettingKind.CUSTOM:
                if one.name in configured and getattr(settings, one.name) != one.default:
                    kept[one.name] = configured[one.name]
            case SettingKind.URL | SettingKind.SECRET:
                continue  # Whoever replays has others.
            case _:
                assert_never(one.kind)
    return kept


def _record_live(names: argparse.Namespace, scenarios: Scenarios, tests: Path) -> int:
    if not (len(names.scenario) == 1 and names.config and names.connection and names.order):
        raise ValidationError("--live takes one SCENARIO, --config FILE, --connection NAME and --order NUMBER")
    scenario = scenarios.named(names.scenario[0])
    if scenario.live is None:
        text = f"{scenario.name} cannot be recorded live: the service cannot be brought to it on purpose"
        raise InvalidStateError(text, hint="record it against the simulator")
    config = find_config(names.config)
    clock = SystemClock()
    with Desk(config, clock=clock) as desk:
        connection = desk.connections.get(names.connection)
        if connection.integration.slug != scenarios.integration:
            raise ConfigurationError(f"is a connection to {connection.integration.slug}", location=names.connection)
        order = desk.order_store.get_order(names.order)
        places = [remote_order.connection for remote_order in desk.order_store.remote_orders(order.id)]
        if places != [names.connection]:
            raise InvalidStateError(
                f"it is registered at {', '.join(places) or 'no connection'}; this would cancel it at all of them",
                location=f"order {order.number}",
                hint=f"take an order that is at {names.connection} only (`orderdesk register` registers it)",
            )
        if desk.cases.list(states=tuple(OPEN)):
            raise InvalidStateError(
                "other cancellations are open in its ledger; following them up would be recorded too",
                location=str(config.ledger),
                hint="wait until they are settled, or take a configuration with a ledger of its own",
            )
        base = connection.service(clock.now()).base_url or connection.integration.title
        print(f"Plays {scenario.name!r} with order {order.number} at {base}, for real: {scenario.live}.")
        print(f"It is written into the ledger {config.ledger}, as any cancellation, and waits as long as it takes.")
        named = ", ".join(["number", "codes and quantities", *scenario.details])
        print(f"The cassette will hold of the order: {named}; read it before you share it.")
        if not names.yes:
            print("Nothing was sent. Add --yes to do it.")
            return 2
        file = _file(tests, scenario)
        stage = PluginHarness(desk, clock, names.connection, order.number, config.connections[names.connection])
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
