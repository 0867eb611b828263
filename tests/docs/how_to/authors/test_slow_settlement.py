"""docs/how-to/slow-settlement.md is run as it stands: a cancel that is decided after days is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orderdesk_devkit.testing.conformance.settlement import SettlementTests

if TYPE_CHECKING:
    from tests.docs.how_to.authors.conftest import Workshop
    from tests.docs.how_to.conftest import Block

pytestmark = pytest.mark.slow

PAGE = "slow-settlement.md"


def test_the_page_works_as_it_is_written(
    workshop: Workshop, page: list[Block], capsys: pytest.CaptureFixture[str]
) -> None:
    workshop.play(page, capsys)


@pytest.mark.usefixtures("page")
class TestPluginOfThePage(SettlementTests):
    """What the suite says of slow services."""

    integration = "acme-print"
