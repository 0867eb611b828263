"""The mapping of reasons: gaps are errors that name the place and what is missing."""

from __future__ import annotations

import pytest

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.reasons import ReasonCode, StandardReason, mapping_errors, read_reason_lists

ALL = [reason.value for reason in StandardReason]


def entry(code: str, stands: list[str]) -> dict[str, object]:
    return {"code": code, "title": code.title(), "for": stands}


def test_a_sound_list_is_read_by_its_name() -> None:
    lists = read_reason_lists({"shop": [entry("AA", ALL)]}, "place")
    assert lists == {"shop": (ReasonCode("AA", "Aa", list(StandardReason)),)}


def test_a_gap_names_the_reason_the_place_and_the_remedy() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_reason_lists({"shop": [entry("AA", ALL[1:])]}, "desk.toml: reasons")
    assert caught.value.location == "desk.toml: reasons.shop"
    assert repr(ALL[0]) in caught.value.message
    assert caught.value.hint


def test_a_reason_told_by_two_codes_and_a_code_that_stands_twice_are_faults() -> None:
    every = list(StandardReason)
    found = mapping_errors([ReasonCode("A", "a", every), ReasonCode("A", "b", every[:1])])
    assert found == (f"A and A both stand for {ALL[0]!r}", "the code 'A' stands twice")


def test_an_unknown_canonical_reason_is_an_error_at_its_entry() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_reason_lists({"shop": [entry("A", ["bored"])]}, "p")
    assert caught.value.location == "p.shop[0].for"
