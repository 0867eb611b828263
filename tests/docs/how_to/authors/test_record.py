"""docs/how-to/record.md is run as it stands: cassettes of a simulator, and of a service that says a little more."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orderdesk_devkit.simulators.simulator import simulators
from orderdesk_devkit.testing.cassettes import Source, read_header

if TYPE_CHECKING:
    from tests.docs.how_to.authors.conftest import Workshop
    from tests.docs.how_to.conftest import Block

pytestmark = pytest.mark.slow

PAGE = "record.md"
HOST = "https://api.acmeprint.example"
CASSETTE = Path("tests/cassettes/cancel-honored.yaml")
CUSTOMER = {"name": "Nora Lindqvist", "email": "nora.lindqvist@example.com"}


@pytest.fixture
def live(workshop: Workshop, page: list[Block], monkeypatch: pytest.MonkeyPatch) -> list[Block]:
    """The page, and a service that says more than the simulator; it has the order, and no time to lose."""
    simulator: type = simulators()["acme-print"].load()

    class Service(simulator):  # type: ignore[misc]  # the page's class is known when it is installed
        """Acme Print as it is: in capitals, and with the customer."""

        def order_document(self, number: str, stage: str) -> Mapping[str, object]:
            return {"number": number, "status": stage.upper(), "customer": CUSTOMER}

    service = Service(workshop.clock)
    service.add_order("1042")
    workshop.serve(service)
    monkeypatch.setattr("orderdesk_devkit.testing.record.SystemClock", lambda: workshop.clock)
    monkeypatch.setenv("PYTHONPATH", str(workshop.folder / "site"))
    subprocess.run(["git", "init", "--quiet"], check=True)
    return page


def test_the_page_works_as_it_is_written(workshop: Workshop, live: list[Block]) -> None:
    said = ""
    for block in live:
        head = block.text.partition("\n")[0]
        match block.language:
            case "python":
                path = Path(head.removeprefix("# "))
                path.parent.mkdir(exist_ok=True)
                path.write_text(block.take().removeprefix(f"{head}\n"), encoding="utf-8")
            case "toml":
                workshop.configure(block)
            case "sh":
                said = block.run_shell().replace(workshop.here["base_url"], HOST)
            case _ if head == "-  source: simulator":
                lines = iter(said.splitlines())
                assert [line for line in block.take().splitlines() if line not in lines] == []
            case _:
                block.check(said)
    assert read_header(CASSETTE).provenance.source is Source.LIVE
    assert read_header(CASSETTE.with_stem("cancel-dishonored")).provenance.source is Source.SIMULATOR
    private = [*CUSTOMER.values(), "a-key-for-simulators-only", "127.0.0.1", "Lindqvist", "x-api-key"]
    assert [word for word in private if word in CASSETTE.read_text(encoding="utf-8")] == []
