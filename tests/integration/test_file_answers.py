"""A case whose service answers by files: what each answer file is worth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest

from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk import VirtualClock
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.plugin.answer import Rejection
from tests.support import filing_toy
from tests.support.filing_toy import ANSWERS, OUT, FilingShop


@contextmanager
def harness_in(folder: Path, **how: object) -> Iterator[tuple[ConformanceHarness, FilingShop]]:
    plugin = PluginUnderTest(slug="filing", plugin=filing_toy.Filing(), simulator=FilingShop, **how)  # type: ignore[arg-type]  # see there
    with plugin.open_harness(folder) as harness:
        assert isinstance(harness.simulator, FilingShop)
        yield harness, harness.simulator


def test_an_answer_file_cancels(tmp_path: Path) -> None:
    with harness_in(tmp_path) as (harness, shop):
        assert harness.cancel().state is State.ACKNOWLEDGED
        assert harness.follow_up().state is State.CANCELED
        assert shop.actual_status("1042") == "canceled"
        assert harness.calls[-1] == "GET /out/answer-1042-091000.json 200"


def test_an_answer_that_refuses_is_a_rejection(tmp_path: Path) -> None:
    with harness_in(tmp_path) as (harness, shop):
        shop.put_status("1042", "picking")
        harness.cancel()
        case = harness.follow_up()
        assert (case.state, case.rejection) == (State.REJECTED, Rejection.TOO_LATE)


def test_an_answer_about_an_unknown_order_is_left_to_a_person(tmp_path: Path) -> None:
    with harness_in(tmp_path, is_known=False) as (harness, _):
        harness.cancel()
        assert harness.follow_up().state is State.ACTION_REQUIRED


@pytest.mark.parametrize("choice", ANSWERS.choices[1:])
def test_half_an_answer_or_one_to_another_order_settles_nothing_and_the_whole_one_does(
    tmp_path: Path, choice: str
) -> None:
    with harness_in(tmp_path, options={ANSWERS.name: choice}) as (harness, shop):
        harness.cancel()
        case = list(islice(harness.steps(), 4))[-1]
        assert (case.state, case.evidence) == (State.ACKNOWLEDGED, None)
        assert case.consecutive_failures
        shop.set_option(ANSWERS.name, "whole")
        shop.answer("1042", "canceled")
        assert harness.follow_up().state is State.CANCELED


def test_an_answer_from_before_the_request_is_to_another_request(tmp_path: Path) -> None:
    with harness_in(tmp_path) as (harness, shop):
        shop.files.write(f"{OUT}/answer-1042-080000.json", json.dumps({"order": "1042", "result": "too late"}).encode())
        assert isinstance(harness.clock, VirtualClock)
        harness.clock.advance(hours(1) / 2 - minutes(25))
        harness.cancel()
        assert harness.follow_up().state is State.CANCELED
