"""docs/how-to/eligibility.md is run as it stands; its plugin reads what the service says, wherever it is killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orderdesk_devkit.testing.conformance.eligibility import EligibilityTests
from orderdesk_devkit.testing.failpoints.runner import ChildStep, FailpointScenario

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docs.how_to.authors.conftest import Workshop
    from tests.docs.how_to.conftest import Block

pytestmark = pytest.mark.slow

PAGE = "eligibility.md"


def test_the_page_works_as_it_is_written(
    workshop: Workshop, page: list[Block], capsys: pytest.CaptureFixture[str]
) -> None:
    workshop.play(page, capsys)


@pytest.mark.usefixtures("page")
class TestPluginOfThePage(EligibilityTests):
    """What the suite says of readings."""

    integration = "acme-print"


@pytest.mark.crash
@pytest.mark.usefixtures("page")
def test_a_killed_process_reads_again_and_asks_once(workshop: Workshop, tmp_path: Path) -> None:
    """Wherever the process dies, the order is canceled, by one request."""
    killed = workshop.kill_everywhere(FailpointScenario("a reading before", steps=(ChildStep.CANCEL,)), tmp_path)
    assert "before the request leaves (POST)" in killed
