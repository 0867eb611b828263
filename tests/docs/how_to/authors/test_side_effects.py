"""docs/how-to/side-effects.md is run as it stands; its plugin asks for a side effect only where somebody said so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orderdesk_devkit.testing.conformance.side_effects import SideEffectTests
from orderdesk_sdk import Desk
from orderdesk_sdk.errors import PlanChangedError, ValidationError
from orderdesk_sdk.plugin.integration import SideEffect

if TYPE_CHECKING:
    from tests.docs.how_to.authors.conftest import Workshop
    from tests.docs.how_to.conftest import Block

pytestmark = pytest.mark.slow

PAGE = "side-effects.md"


def test_the_page_works_as_it_is_written(
    workshop: Workshop, page: list[Block], capsys: pytest.CaptureFixture[str]
) -> None:
    workshop.play(page, capsys)
    assert set(workshop.simulator.side_effects("1042") or ()) == {SideEffect.FEE}


def test_a_fee_is_paid_only_by_the_token_of_a_plan_that_shows_it(workshop: Workshop, page: list[Block]) -> None:
    for block in page:
        if block.language == "toml":
            workshop.configure(block)
    next(block for block in page if block.language == "sh").run_shell()
    with Desk.open() as desk:
        without = desk.cancellations.plan("1042").token
        with pytest.raises(ValidationError, match="with the plan that shows them"):
            desk.cancel("1042", by="Ann", side_effects=[SideEffect.FEE])
        with pytest.raises(PlanChangedError):
            desk.cancel("1042", by="Ann", side_effects=[SideEffect.FEE], plan_token=without)
        wrong = desk.cancellations.plan("1042", side_effects=[SideEffect.REFUND]).token
        with pytest.raises(ValidationError, match="offers the side effect 'refund'"):
            desk.cancel("1042", by="Ann", side_effects=[SideEffect.REFUND], plan_token=wrong)
        paid = desk.cancellations.plan("1042", side_effects=[SideEffect.FEE]).token
        with pytest.raises(PlanChangedError):
            desk.cancel("1042", by="Ann", plan_token=paid)
        assert desk.ledger.cancellations(desk.orders.get("1042").id) == ()


@pytest.mark.usefixtures("page")
class TestPluginOfThePage(SideEffectTests):
    """What the suite says of side effects."""

    integration = "acme-print"
