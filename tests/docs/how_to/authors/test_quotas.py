"""docs/how-to/quotas.md is run as it stands; its plugin keeps to its quota wherever its process is killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orderdesk_devkit.testing.conformance.quotas import QuotaTests
from orderdesk_devkit.testing.failpoints.runner import ChildStep, FailpointScenario

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docs.how_to.authors.conftest import Workshop
    from tests.docs.how_to.conftest import Block

pytestmark = pytest.mark.slow

PAGE = "quotas.md"


def test_the_page_works_as_it_is_written(
    workshop: Workshop, page: list[Block], capsys: pytest.CaptureFixture[str]
) -> None:
    workshop.play(page, capsys)


@pytest.mark.usefixtures("page")
class TestPluginOfThePage(QuotaTests):
    """What the suite says of quotas."""

    integration = "acme-print"


@pytest.mark.crash
@pytest.mark.usefixtures("page")
def test_a_killed_process_has_counted_its_call(workshop: Workshop, tmp_path: Path) -> None:
    """The service takes one cancel a day and refuses the next; after each death the order is canceled all the same."""
    killed = workshop.kill_everywhere(FailpointScenario("a quota of one", steps=(ChildStep.CANCEL,)), tmp_path)
    assert "before the request leaves (POST)" in killed
