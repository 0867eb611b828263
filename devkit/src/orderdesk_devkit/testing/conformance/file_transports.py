"""Files: the same flow by SFTP, at a real server that breaks off and refuses, and in a folder of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from orderdesk_devkit.simulators.files import FileSimulator
from orderdesk_devkit.simulators.simulator import Effect
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, new_folder, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.other_orders import other_number
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.failpoints.checker import find_failures
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.plugin.connection_settings import settings_fields
from orderdesk_sdk.plugin.sftp_settings import SftpSettings
from orderdesk_sdk.transport.http.limits import HttpLimits

if TYPE_CHECKING:
    from orderdesk_devkit.simulators.sftp_server import SftpServer

__all__ = ["FileTransportTests"]

_PATIENT = HttpLimits(timeout=120, connect_timeout=60, read_timeout=60)
"""For machines that are busy: a server on loopback is never away."""
_ONE_TRY = evolve(_PATIENT, max_attempts=1)
"""What breaks off is not tried again within the call, so that the case shows what it was taken for."""
_WRONG_KEY = "SHA256:" + 43 * "A"


class FileTransportTests(StandardTests):
    """A plugin whose service is spoken to by files."""

    @pytest.fixture
    def file_plugin(self, plugin_under_test: PluginUnderTest, baseline: BaselineRun) -> PluginUnderTest:
        """The plugin; skipped where its base URL is that of an API."""
        declared = plugin_under_test.integration
        folders = [one.name for one in settings_fields(declared.settings) if one.of_files]
        if declared.base_url not in folders:
            pytest.skip(f"{plugin_under_test.slug} is called by HTTP: its base_url is no folder_url setting")
        skip_without_calls(baseline, plugin_under_test)
        found = list[str]()
        if not issubclass(declared.settings, SftpSettings):
            found.append(f"{declared.settings.__name__} is not based on SftpSettings, so nobody can log in by SFTP")
        if not isinstance(plugin_under_test.make_simulator(VirtualClock()), FileSimulator):
            found.append("its simulator is no FileSimulator, so no SFTP server can stand before it")
        require(Requirement.FILES, found)
        return plugin_under_test

    def test_a_cancel_ends_by_sftp_and_in_a_folder_as_declared(
        self, file_plugin: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """The flow is the same, whatever the scheme of its folder; so is the verdict."""
        expected, found = file_plugin.expected_state(baseline.route), list[str]()
        with _by_sftp(file_plugin, new_folder(tmp_path)) as (harness, _):
            harness.cancel()
            found += [f"by SFTP: {one}" for one in _ended(harness, harness.follow_up().state, expected)]
            history = harness.desk.ledger.history(harness.case.id)
            calls = [one.content.intent for one in history if isinstance(one.content, Exchange)]
            found += [f"by SFTP: {one.method} {one.url}" for one in calls if not one.url.startswith("sftp://")]
        with _in_a_folder(file_plugin, new_folder(tmp_path)) as (harness, folder):
            harness.cancel()
            for _ in harness.steps():
                _carry(harness, folder)
            found += [f"by file: {one}" for one in _ended(harness, harness.case.state, expected)]
        count("transports", 2)
        require(Requirement.FILES, found)

    def test_the_answer_to_another_order_is_left_alone(
        self, file_plugin: PluginUnderTest, baseline: BaselineRun, tmp_path: Path
    ) -> None:
        """It lies in the same folder, and is newer."""
        number, found = file_plugin.number, list[str]()
        with _by_sftp(file_plugin, new_folder(tmp_path)) as (harness, server):
            harness.cancel()
            _ask_for_another(server.simulator, number, file_plugin)
            state = harness.follow_up().state
            found += _ended(harness, state, file_plugin.expected_state(baseline.route))
        require(Requirement.FILES, found)

    def test_a_drop_that_breaks_off_or_is_refused_is_done_once(
        self, file_plugin: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """Before, in and after the rename, with a full disk, and where the login may not write."""
        from orderdesk_devkit.simulators.sftp_server import SftpFault

        expected, found = file_plugin.expected_state(baseline.route), list[str]()
        for fault in SftpFault:
            with _by_sftp(file_plugin, new_folder(tmp_path), limits=_ONE_TRY) as (harness, server):
                server.fault = fault
                state = harness.cancel().state
                acted = any(record.effect_kind is Effect.CANCEL_ACCEPTED for record in harness.service.log)
                if state in (State.ACKNOWLEDGED, State.CANCELED) and not acted:
                    found.append(f"{fault.value}: it is {state.value}, and nothing was dropped")
                if state is State.PENDING and acted:
                    found.append(f"{fault.value}: it is said that nothing was done, and the file is there")
                server.fault = None
                harness.follow_up()
                failures = find_failures(
                    harness.desk, harness.service, file_plugin, reported_ids=(), expected=expected, resubmitted=False
                )
                found += [f"{fault.value}: {one}" for one in failures]
        count("broken drops", len(SftpFault))
        require(Requirement.FILES, found)

    def test_nothing_is_dropped_without_the_right_key_and_login(
        self, file_plugin: PluginUnderTest, tmp_path: Path, count: Count
    ) -> None:
        """A server that shows another key is not even told the user's password; the case says what to do."""
        wrong = {"host_key": _WRONG_KEY, "user": "somebody-else", "password": "not-the-password"}
        found = list[str]()
        for name, value in wrong.items():
            with _by_sftp(file_plugin, new_folder(tmp_path), {name: value}) as (harness, server):
                case = harness.cancel()
                found += [f"another {name}: it was logged in"] * bool(server.logins)
                found += [f"another {name}: the case is {case.state.value}"] * (case.state is not State.PENDING)
                found += [f"another {name}: nothing is said of it"] * (not case.message)
                found += [f"another {name}: the value is told"] * (name == "password" and value in str(case.message))
        count("wrong logins", len(wrong))
        require(Requirement.FILES, found)


def _ask_for_another(simulator: FileSimulator, number: str, plugin: PluginUnderTest) -> None:
    """Drop for another order what was dropped for this one."""
    other = other_number(number)
    lines = [(line.code, line.quantity) for line in plugin.order.lines]
    with simulator.at_present():
        simulator.add_order(other, lines=lines)
        for path in simulator.files.paths:
            content = simulator.files.read(path, 2**31)
            if number in path or number.encode() in content:
                simulator.files.write(path.replace(number, other), content.replace(number.encode(), other.encode()))
                simulator.file_dropped(path.replace(number, other))


def _ended(harness: ConformanceHarness, state: State, expected: State) -> Iterator[str]:
    if state is not expected:
        yield f"it ended {state.value}, not {expected.value}: {harness.case.message}"
    if state is State.CANCELED and not harness.is_canceled:
        yield "it is called canceled, and the service has not canceled it"


@contextmanager
def _by_sftp(
    plugin: PluginUnderTest,
    folder: Path,
    wrong: Mapping[str, str] | None = None,
    limits: HttpLimits = _PATIENT,
) -> Iterator[tuple[ConformanceHarness, SftpServer]]:
    """The order at a real SFTP server before the plugin's simulator. wrong: settings in place of the right ones."""
    from orderdesk_devkit.simulators.sftp_server import SftpServer  # It needs paramiko, an extra.

    clock = VirtualClock()
    simulator = plugin.make_simulator(clock)
    assert isinstance(simulator, FileSimulator), "the fixture saw to that"
    with SftpServer(simulator) as server:
        login = {**server.settings, **(wrong or {})}
        with plugin.open_harness_at(
            server.url, folder, clock, simulator=simulator, secrets=login, limits=limits
        ) as harness:
            yield harness, server


@contextmanager
def _in_a_folder(plugin: PluginUnderTest, parent: Path) -> Iterator[tuple[ConformanceHarness, Path]]:
    """The order at a folder of this machine, between which and the plugin's simulator somebody must carry files."""
    clock = VirtualClock()
    simulator = plugin.make_simulator(clock)
    assert isinstance(simulator, FileSimulator), "the fixture saw to that"
    root = parent / "files"
    for path in simulator.folders:
        (root / path.lstrip("/")).mkdir(parents=True, exist_ok=True)
    with plugin.open_harness_at(root.as_uri(), parent, clock, simulator=simulator) as harness:
        yield harness, root


def _carry(harness: ConformanceHarness, root: Path) -> None:
    """Take what lies in the folder to the service, and what the service has written into the folder."""
    simulator = harness.service
    assert isinstance(simulator, FileSimulator), "the fixture saw to that"
    with simulator.at_present():
        for file in sorted(one for one in root.rglob("*") if one.is_file()):
            path = f"/{file.relative_to(root).as_posix()}"
            if simulator.files.info(path) is None:
                simulator.files.write(path, file.read_bytes())
                simulator.file_dropped(path)
        for path in simulator.files.paths:
            copy = root / path.lstrip("/")
            if not copy.exists():
                copy.write_bytes(simulator.files.read(path, 2**31))
                modified = simulator.files.info(path)
                if modified is not None and modified.modified_at is not None:
                    os.utime(copy, 2 * (modified.modified_at.timestamp(),))
