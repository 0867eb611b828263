"""Where a response states the number of its order: what cannot be meant is refused where it is written."""

from __future__ import annotations

import pytest

from orderdesk_sdk.plugin.order_numbers import AnyOf, NotStated, StatedAt, validated_identities


def test_a_path_needs_keys() -> None:
    with pytest.raises(TypeError, match="StatedAt takes a path of keys"):
        StatedAt()
    with pytest.raises(TypeError, match="StatedAt takes a path of keys"):
        StatedAt("order", "")
    with pytest.raises(ValueError, match="name"):
        StatedAt("order", number="name")


def test_that_none_is_stated_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="NotStated needs a reason"):
        NotStated(" ")


def test_a_choice_needs_two() -> None:
    with pytest.raises(TypeError, match="AnyOf takes two places or more"):
        AnyOf(StatedAt("id"))


@pytest.mark.parametrize("given", [None, [], {"get": ("order", "number")}, {"get": None}, {1: StatedAt("id")}])
def test_what_is_no_identity_is_refused(given: object) -> None:
    with pytest.raises(TypeError, match="identified_by"):
        validated_identities(given)


def test_what_is_one_is_taken() -> None:
    given = {"get": StatedAt("id"), "*": NotStated("why"), "log": AnyOf(StatedAt("a"), StatedAt("b")), "xml": list}
    assert validated_identities(given) == given
