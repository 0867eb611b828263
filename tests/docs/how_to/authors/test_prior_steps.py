"""docs/how-to/prior-steps.md is run as it stands: labels are voided one by one, and each is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.docs.how_to.authors.conftest import Workshop
    from tests.docs.how_to.conftest import Block

pytestmark = pytest.mark.slow

PAGE = "prior-steps.md"


def test_the_page_works_as_it_is_written(
    workshop: Workshop, page: list[Block], capsys: pytest.CaptureFixture[str]
) -> None:
    workshop.play(page, capsys)
