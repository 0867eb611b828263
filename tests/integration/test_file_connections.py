"""A connection whose folder is at an SFTP server or on this machine: what is told before anybody presses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orderdesk_devkit.simulators.sftp_server import SftpServer
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk import VirtualClock
from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.desk.capabilities import capabilities_document
from orderdesk_sdk.desk.connection_admin.reachability import check_connection
from orderdesk_sdk.web.console.views.orders.places import make_place
from tests.support import filing_toy

SHOP = PluginUnderTest(slug="filing", plugin=filing_toy.Filing(), simulator=filing_toy.FilingShop)


@contextmanager
def by_sftp(folder: Path, **wrong: str) -> Iterator[tuple[ConformanceHarness, SftpServer]]:
    with SftpServer(filing_toy.FilingShop(VirtualClock())) as server:
        login = {**server.settings, **wrong}
        with SHOP.open_harness_at(
            server.url, folder, VirtualClock(), simulator=server.simulator, secrets=login
        ) as harness:
            yield harness, server


def test_the_plan_and_the_capabilities_name_the_transport(tmp_path: Path) -> None:
    with by_sftp(tmp_path) as (harness, server):
        plan = harness.desk.cancellations.plan("1042")
        (entry,) = plan.entries
        assert entry.folder == server.url
        assert make_place(entry, None, is_covered=False, role=Role.OPERATOR).folder == server.url
        settings = harness.desk.connections.get("filing").settings
        assert capabilities_document(SHOP.registry().load("filing"), settings)["transports"] == ["sftp"]
        assert capabilities_document(SHOP.registry().load("filing"))["transports"] == ["sftp", "file"]


def test_trying_a_connection_logs_in(tmp_path: Path) -> None:
    with by_sftp(tmp_path) as (harness, server):
        checks = check_connection(harness.desk.connections, "filing")
        assert ([check.hint for check in checks], server.logins) == ([None, None], 1)


@pytest.mark.parametrize(("name", "said"), [("password", "did not accept"), ("host_key", "shows the key")])
def test_trying_a_connection_says_what_is_wrong_with_the_login(tmp_path: Path, name: str, said: str) -> None:
    with by_sftp(tmp_path, **{name: f"SHA256:{43 * 'A'}"}) as (harness, server):
        *_, check = check_connection(harness.desk.connections, "filing")
        assert said in check.message
        assert (check.hint is None, server.logins) == (False, 0)


@pytest.mark.parametrize("is_there", [True, False])
def test_trying_a_folder_of_this_machine_looks_for_it(tmp_path: Path, is_there: bool) -> None:
    folder = tmp_path / "files"
    if is_there:
        folder.mkdir()
    with SHOP.open_harness_at(folder.as_uri(), tmp_path, VirtualClock()) as harness:
        *_, check = check_connection(harness.desk.connections, "filing")
        assert (check.hint is None) is is_there
