"""The command that records cassettes: all against the simulator, one against an account, and never by accident."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from orderdesk_amazon_mcf.simulator import McfSimulator
from orderdesk_amazon_mcf.simulator.service import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.testing.cassettes import Source, read_header
from orderdesk_devkit.testing.record import main
from orderdesk_devkit.testing.scenarios import load_scenarios, replay_scenario
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import SystemClock, minutes
from orderdesk_sdk.desk.config import read_config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

HERE = Path(__file__).parent
CONFIG = """
[connections.mine]
integration = "amazon-mcf"
[connections.mine.settings]
refresh_token = {{ env = "MCF_REFRESH_TOKEN" }}
client_id = {{ env = "MCF_CLIENT_ID" }}
client_secret = {{ env = "MCF_CLIENT_SECRET" }}
endpoint = "{url}"
token_url = "{url}/auth/o2/token"
speed = "Priority"
"""
ORDER = {
    "id": "7",
    "source_id": "LIVE-7",
    "email": "vera.muster@example.org",
    "shipping": {"first_name": "Vera", "last_name": "Muster", "address1": "99 Real Road", "postal_code": "12345"},
    "order_items": [{"id": "1", "code": "LAMP", "quantity": 3}],
}


@pytest.fixture
def tests(tmp_path: Path) -> Path:
    """A folder of tests with the plugin's scenarios and no cassettes."""
    shutil.copy(HERE / "scenarios.py", tmp_path / "scenarios.py")
    return tmp_path


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[McfSimulator, Path]]:
    """An account that is no simulator as far as the command can tell, and the configuration for it with one order."""
    for name, value in (("REFRESH_TOKEN", REFRESH_TOKEN), ("CLIENT_ID", CLIENT_ID), ("CLIENT_SECRET", CLIENT_SECRET)):
        monkeypatch.setenv(f"MCF_{name}", value)
    amazon = McfSimulator(SystemClock())
    amazon.add_order("LIVE-7", lines=(("LAMP", 3),), status="Processing")
    with serve(amazon.app) as served:
        config = tmp_path / "orderdesk.toml"
        config.write_text(CONFIG.format(url=served.url), encoding="utf-8")
        with Desk(read_config(config)) as desk:
            assert isinstance(desk.order_store, SqliteOrderStore)
            desk.order_store.import_orders(read_order_text(json.dumps(ORDER), location="the live order"), by="Ann")
            desk.orders.register("LIVE-7", connection="mine", by="Ann")
        yield amazon, config


def live(tests: Path, config: Path, *more: str, scenario: str = "too-late-by-error") -> list[str]:
    where = ["--tests", str(tests), "--live", "--config", str(config), "--connection", "mine", "--order", "LIVE-7"]
    return ["amazon-mcf", scenario, *where, *more]


@pytest.mark.slow
def test_every_scenario_is_recorded_against_the_simulator(tests: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["amazon-mcf", "--tests", str(tests)]) == 0
    names = {scenario.name for scenario in load_scenarios(HERE).table}
    assert {file.stem for file in (tests / "cassettes").glob("*.yaml")} == names
    assert capsys.readouterr().out.count("exchanges with the simulator") == len(names)


def test_one_scenario_can_be_recorded_alone(tests: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tests / "cassettes").mkdir()
    (tests / "cassettes/old.yaml").touch()
    assert main(["amazon-mcf", "denied", "--tests", str(tests)]) == 0
    assert sorted(file.name for file in (tests / "cassettes").iterdir()) == ["denied.yaml", "old.yaml"]
    assert "old.yaml belongs to no scenario" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["amazon-mcf", "nonsense"], "there is no scenario 'nonsense'"),
        (["amazon-fba"], "its scenarios are those of amazon-mcf"),
        (["amazon-mcf", "--yes"], "belong to --live"),
        (["amazon-mcf", "--live"], "--live takes one SCENARIO"),
    ],
)
def test_a_mistake_is_told_and_records_nothing(
    tests: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], text: str
) -> None:
    assert main([*arguments, "--tests", str(tests)]) == 1
    assert text in capsys.readouterr().err
    assert not (tests / "cassettes").exists()


def test_without_yes_a_live_recording_says_what_it_would_do_and_sends_nothing(
    tests: Path, account: tuple[McfSimulator, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    amazon, config = account
    before = len(amazon.log)
    assert main(live(tests, config)) == 2
    said = capsys.readouterr().out
    for words in ("order LIVE-7", "http://127.0.0.1", "for real: asks Amazon to cancel", "Nothing was sent", "--yes"):
        assert words in said
    assert len(amazon.log) == before
    assert not (tests / "cassettes").exists()
    with Desk(read_config(config)) as desk:
        assert desk.cases.list() == ()


def test_a_live_recording_is_marked_as_such_scrubbed_and_replays(
    tests: Path, account: tuple[McfSimulator, Path]
) -> None:
    _, config = account
    assert main(live(tests, config, "--yes")) == 0
    file = tests / "cassettes/too-late-by-error.yaml"
    head = read_header(file)
    assert (head.provenance.source, head.setup.order, head.setup.lines) == (Source.LIVE, "LIVE-7", (("LAMP", 3),))
    assert head.setup.settings == {"speed": "Priority"}
    text = file.read_text(encoding="utf-8")
    private = [REFRESH_TOKEN, CLIENT_ID, CLIENT_SECRET, "Atza", "Muster", "Real Road", "example.org", "127.0.0.1"]
    assert [word for word in private if word in text] == []
    with replay_scenario(tests, "too-late-by-error") as stage:
        assert (stage.case.state, stage.case.remote_id) == (State.REJECTED, "LIVE-7")
    with Desk(read_config(config)) as desk:
        assert [case.state for case in desk.cases.list(order="LIVE-7")] == [State.REJECTED]


@pytest.mark.slow
def test_what_was_recorded_live_is_not_lost_to_a_simulator(
    tests: Path, account: tuple[McfSimulator, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(live(tests, account[1], "--yes")) == 0
    assert main(["amazon-mcf", "--tests", str(tests)]) == 0
    file = tests / "cassettes/too-late-by-error.yaml"
    assert "it was recorded live" in capsys.readouterr().out
    assert read_header(file).provenance.source is Source.LIVE
    assert main(["amazon-mcf", "too-late-by-error", "--tests", str(tests)]) == 0
    assert read_header(file).provenance.source is Source.SIMULATOR


def test_a_scenario_that_needs_a_simulator_is_not_played_live(
    tests: Path, account: tuple[McfSimulator, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(live(tests, account[1], "--yes", scenario="denied")) == 1
    assert "cannot be recorded live" in capsys.readouterr().err


def test_an_order_that_is_elsewhere_too_is_not_played_live(
    tests: Path, account: tuple[McfSimulator, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    amazon, config = account
    text = config.read_text(encoding="utf-8")
    config.write_text(text + text.replace("connections.mine", "connections.other"), encoding="utf-8")
    with Desk(read_config(config)) as desk:
        desk.orders.register("LIVE-7", connection="other", by="Ann")
    before = len(amazon.log)
    assert main(live(tests, config, "--yes")) == 1
    assert "this would cancel it at all of them" in capsys.readouterr().err
    assert len(amazon.log) == before


def test_a_ledger_with_other_open_work_is_not_played_live(
    tests: Path, account: tuple[McfSimulator, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    amazon, config = account
    with Desk(read_config(config)) as desk:
        other = desk.order_store.duplicate("LIVE-7", by="Ann")
        desk.orders.register(other.number, connection="mine", by="Ann")
        amazon.add_order(other.number, lines=(("LAMP", 3),), status="Planning")
        (case,) = desk.cancel(other.number, by="Ann").cases
        assert (case.state, case.due_at) == (State.ACKNOWLEDGED, case.updated_at + minutes(2))
    assert main(live(tests, config, "--yes")) == 1
    assert "other cancellations are open" in capsys.readouterr().err
