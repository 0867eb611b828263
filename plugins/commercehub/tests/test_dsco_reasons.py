"""Reasons: required, from the list that holds for the order's retailer, and refused before any call."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from orderdesk_commercehub.api import CODES
from orderdesk_commercehub.settings import HubSettings
from orderdesk_commercehub.simulator import DscoSimulator
from orderdesk_devkit.testing.harness import LINES, ORDER, SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import ConfigurationError, ValidationError
from orderdesk_sdk.plugin.connection_settings import settings_fields
from orderdesk_sdk.plugin.reasons import StandardReason, read_reason_lists

integration = "commercehub"
ALL = [reason.value for reason in StandardReason]
SHORT = [
    {"code": "NO-STOCK", "title": "Nothing there", "for": ["out of stock"]},
    {"code": "ELSE", "title": "Anything else", "for": [reason for reason in ALL if reason != "out of stock"]},
]
OTHERS = [{"code": "ONLY", "title": "The only one", "for": ALL}]


def bought_at(retailer: str) -> Mapping[str, object]:
    return {"checkout_data": {"Retailer": retailer}}


def by_retailer(**lists: object) -> Mapping[str, object]:
    return {"retailer_field": "checkout_data.Retailer", "reasons": lists}


def test_the_codes_are_the_documented_ones() -> None:
    assert [code.code for code in CODES] == ["CXSS", "CXSD", "CXSN", "CXSB", "CXSI", "CXST", "CXSC", "CXSO"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("customer asked", "CXSC"),
        ("out of stock", "CXSS"),
        ("address", "CXSB"),
        ("fraud", "CXSO"),
        ("duplicate", "CXSO"),
        ("pricing", "CXSO"),
        ("cannot ship in time", "CXST"),
        ("other", "CXSO"),
        ("CXSD", "CXSD"),
        ("cxsn", "CXSN"),
        ("Invalid Ship Instructions", "CXSI"),
    ],
)
def test_a_reason_goes_out_as_its_code_with_the_askers_words(harness: SimulatedHarness, given: str, code: str) -> None:
    harness.cancel(given)
    (body,) = harness.documents("/order/item/cancel")
    assert {(line["cancelCode"], line["cancelledReason"]) for line in body["lineItems"]} == {(code, given)}


@pytest.mark.parametrize("given", [None, "", "because", "CXRF", "CXSS\u200b"])
def test_a_missing_or_wrong_reason_is_refused_before_any_call_with_the_allowed_list(
    harness: SimulatedHarness, given: str | None
) -> None:
    with pytest.raises(ValidationError) as caught:
        harness.cancel(given)
    for code in CODES:
        assert f"{code.code} ({code.title})" in (caught.value.hint or "")
    assert harness.sent == []
    assert harness.desk.cases.list(order=ORDER) == ()


def test_the_list_is_that_of_the_orders_retailer(open_harness: HarnessOpener) -> None:
    dsco = DscoSimulator(VirtualClock(), codes={"demoretailer": ["NO-STOCK", "ELSE"]})
    dsco.add_order(ORDER, lines=LINES)
    stage = open_harness(by_retailer(demoretailer=SHORT), details=bought_at("demoretailer"), before=dsco)
    (entry,) = stage.desk.cancellations.plan(ORDER).entries
    assert [code.code for code in entry.steps[0].reasons] == ["NO-STOCK", "ELSE"]
    with pytest.raises(ValidationError, match=r"one of: NO-STOCK \(Nothing there\); ELSE \(Anything else\)"):
        stage.cancel("CXSS")
    stage.cancel("fraud")
    assert stage.follow_up().state is State.CANCELED
    assert {item.code for item in dsco.order(ORDER).items} == {"ELSE"}


@pytest.mark.parametrize(
    ("lists", "code"), [({"demoretailer": SHORT}, "CXSS"), ({"demoretailer": SHORT, "default": OTHERS}, "ONLY")]
)
@pytest.mark.parametrize("order", [bought_at("another"), {}, {"checkout_data": {"Retailer": 7}}])
def test_a_retailer_without_a_list_of_its_own_has_the_default(
    open_harness: HarnessOpener, lists: Mapping[str, object], code: str, order: Mapping[str, object]
) -> None:
    stage = open_harness(by_retailer(**lists), details=order)
    (entry,) = stage.desk.cancellations.plan(ORDER).entries
    assert entry.steps[0].reasons[0].code == code


def test_the_example_in_the_readme_is_a_sound_list() -> None:
    text = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    settings = tomllib.loads(text.partition("```toml\n")[2].partition("```")[0])["connections"]["hub"]["settings"]
    lists = read_reason_lists(settings["reasons"], "README.md")
    assert [code.code for code in lists["demoretailer"]] == ["CXSS", "CXSO"]
    assert set(settings) <= {field.name for field in settings_fields(HubSettings)}


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([{"code": "NO-STOCK", "title": "x", "for": ["out of stock"]}], "no code stands for 'fraud'"),
        ([*SHORT, {"code": "TWO", "title": "x", "for": ["fraud"]}], "ELSE and TWO both stand for 'fraud'"),
        ([{"code": "bad_sku\u200b", "title": "x", "for": ALL}], "the code in plain ASCII"),
    ],
)
def test_a_gap_in_a_configured_list_is_told_with_its_place(
    open_harness: HarnessOpener, entries: object, said: str
) -> None:
    with pytest.raises(
        ConfigurationError, match=r"\[connections\.commercehub\]\.settings\.reasons\.demoretailer"
    ) as caught:
        open_harness(by_retailer(demoretailer=entries))
    assert said in str(caught.value)
