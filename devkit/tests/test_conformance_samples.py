"""The part of the suite about samples: a number, a status or a person that the declaration forgets is told."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import Requirement
from tests.support.liar_judge import judge, require_told
from tests.support.toy_plugin import Toy
from tests.support.toy_simulators import ToyShop

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("attributes", "rule", "told"),
    [
        ({"bad_numbers": ("10/42",)}, Requirement.DECLARATION, "'10/42' is taken"),
        ({"closed_in": ("shipped",)}, Requirement.DECLARATION, "it is open in 'shipped'"),
        ({"personal_documents": ({"to": [{"name": "Robin"}]},)}, Requirement.PERSONAL_DATA, "'Robin' is kept"),
    ],
)
def test_what_is_not_declared_is_told(
    pytester: pytest.Pytester, attributes: dict[str, object], rule: Requirement, told: str
) -> None:
    require_told(judge(pytester, Toy, ToyShop, "sample", **attributes), rule, told)


def test_what_is_declared_passes(pytester: pytest.Pytester) -> None:
    result = judge(pytester, Toy, ToyShop, "sample_numbers", good_numbers=("1042",))
    assert result.parseoutcomes().keys() == {"passed", "deselected"}
