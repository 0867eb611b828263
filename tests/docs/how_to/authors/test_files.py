"""docs/how-to/files.md is run as it stands, by SFTP; its plugin is held against the suite and killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from click.testing import CliRunner

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.files import FileSimulator
from orderdesk_devkit.simulators.sftp_server import PASSWORD, SftpServer
from orderdesk_devkit.testing.conformance.file_transports import FileTransportTests
from orderdesk_devkit.testing.conformance.other_orders import OtherOrderTests
from orderdesk_devkit.testing.conformance.setting_use import SettingTests
from orderdesk_devkit.testing.failpoints.runner import ChildStep, FailpointScenario
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.transport.http.files import requirements

if TYPE_CHECKING:
    from pathlib import Path

    from orderdesk_devkit.simulators.simulator import Simulator
    from tests.docs.how_to.authors.conftest import Workshop
    from tests.docs.how_to.conftest import Block

pytestmark = pytest.mark.slow

PAGE = "files.md"
FOLDER, KEY = "sftp://files.acmeprint.example", "SHA256:uNiVztksCsDhcc0u9e8BrrrVdu2nwpzvC1Ru4QyLdRE"


def test_the_page_works_as_it_is_written(
    workshop: Workshop, page: list[Block], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(workshop.simulator, FileSimulator)
    workshop.here = {}
    monkeypatch.setenv("ACME_SFTP_PASSWORD", PASSWORD)
    workshop.simulator.add_order("1042", lines=())
    with SftpServer(workshop.simulator) as server:

        def here(block: Block) -> Block:
            text = block.text.replace(KEY, server.key.fingerprint)
            return evolve(block, text=text.replace(FOLDER, server.url) if block.language != "python" else text)

        workshop.play([here(block) for block in page], capsys)
        checks = ["doctor", "--json"]
        assert "SFTP needs" not in CliRunner().invoke(orderdesk, checks).stdout
        monkeypatch.setattr(requirements, "find_spec", lambda _: None)
        assert "pip install 'orderdesk-sdk[sftp]'" in CliRunner().invoke(orderdesk, checks).stdout


@pytest.mark.usefixtures("page")
class TestPluginOfThePage(FileTransportTests, OtherOrderTests, SettingTests):
    """What the suite says of files, of answers to others, and of settings."""

    integration = "acme-print"


def lose_the_drop(simulator: Simulator) -> None:
    simulator.faults.add(Fault.LOST_RESPONSE, method="PUT", path="/cancel-1042.json$")


@pytest.mark.crash
@pytest.mark.usefixtures("page")
def test_a_killed_process_drops_a_file_once(workshop: Workshop, tmp_path: Path) -> None:
    """Killed anywhere around a drop whose response is lost: in the end there is one file, and its answer is read."""
    steps = (ChildStep.CANCEL, ChildStep.NEXT, ChildStep.FOLLOW_UP)
    killed = workshop.kill_everywhere(FailpointScenario("a drop", inject_faults=lose_the_drop, steps=steps), tmp_path)
    assert "after the request left (PUT)" in killed
