"""The order store against what was recorded: it still says, to the last exchange, what it said then."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.simulators.orderdesk.access import API_KEY
from orderdesk_devkit.testing.cassettes import Source, read_header
from orderdesk_devkit.testing.scrubbing import find_unscrubbed
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.stores.orderdesk_api.order_document import private_texts
from tests.support.order_desk_cassettes import FOLDER, SCENARIOS, record_scenario, replayed

ORDER = read_order_text(SAMPLE_ORDERS, location="samples")[0]


def test_every_scenario_has_a_cassette() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(SCENARIOS)


@pytest.mark.parametrize("name", SCENARIOS)
class TestCassette:
    def test_it_says_where_it_comes_from(self, name: str) -> None:
        told = read_header(FOLDER / f"{name}.yaml").provenance
        assert (told.source, told.integration) == (Source.SIMULATOR, "order-desk")

    def test_the_store_still_says_the_same(self, name: str) -> None:
        with replayed(SCENARIOS[name], FOLDER / f"{name}.yaml") as store:
            SCENARIOS[name].play(store)

    def test_recording_again_gives_the_same(self, name: str, tmp_path: Path) -> None:
        again = tmp_path / f"{name}.yaml"
        record_scenario(SCENARIOS[name], again)
        undated = re.compile(r"(?m)^  (?:recorded_at|sdk): .*$")
        recorded = (FOLDER / again.name).read_text(encoding="utf-8")
        assert undated.sub("", again.read_text(encoding="utf-8")) == undated.sub("", recorded)

    def test_nothing_of_people_and_no_secret(self, name: str) -> None:
        text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
        people = [ORDER.email, ORDER.shipping.recipient, ORDER.shipping.address1, ORDER.shipping.phone, "Lindqvist"]
        assert [word for word in (*people, API_KEY, "127.0.0.1", "smtp") if word in text] == []
        assert find_unscrubbed(text) == []
        assert private_texts({}) == frozenset()
