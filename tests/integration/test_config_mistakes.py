"""A mistake in the configuration is told with file, place and hint, by `doctor` and by a desk alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from attrs import frozen
from click.testing import CliRunner

from orderdesk_sdk import Desk
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.desk.config import read_config
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.orders.order import Order

HUB = """
[connections.there]
integration = "commercehub"
[connections.there.settings]
client_id = { env = "TEST_KEY" }
client_secret = { env = "TEST_KEY" }
[[connections.there.settings.reasons.default]]
code = "CXSS"
title = "Out of Stock"
for = ["out of stock", "address", "fraud", "duplicate", "pricing", "cannot ship in time", "other"]
"""
BDLINX = """
[connections.there]
integration = "bdlinx"
[connections.there.settings]
base_url = "https://bdlinx.example"
api = { cancel = { method = "POST", accepted = [202] } }
"""
MWW = """
[connections.there]
integration = "mww"
[connections.there.settings]
api_key = { env = "TEST_KEY" }
cancel_email_to = "cancellations@mww.example"
cancel_email_subject = "Please cancel {order_nr}"
"""
RULE = """
[[rules]]
name = "canceled at BDLinx"
event = "order moved"
do = [{ action = "Move Order to Folder", folder = "Closed" }, "Cancel Order at BDLinks"]
"""


@frozen
class Mistake:
    """A configuration, and what is to be said of it."""

    text: str
    place: str
    said: str
    hint: str


IN_A_CONNECTION = {
    "a reason mapping with a gap": Mistake(
        HUB, "[connections.there].settings.reasons.default", "no code stands for 'customer asked'", "exactly one code"
    ),
    "an API profile with a missing field": Mistake(
        BDLINX, "[connections.there].settings.api.cancel.path", "is missing", "API document"
    ),
    "a template naming an unknown field": Mistake(
        MWW, "[connections.there].settings.cancel_email_subject", "there is no field {order_nr}", "{order_number}"
    ),
}
NAMED = "a rule naming an unknown action"
RULES = Mistake(RULE, "[[rules]][0].do[1]", "'Cancel Order at BDLinks'", "'Move Order to Folder'")


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TEST_KEY", "a key")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "shop.toml"


@pytest.mark.parametrize("name", [*IN_A_CONNECTION, NAMED])
def test_doctor_names_file_place_and_remedy(file: Path, name: str) -> None:
    mistake = IN_A_CONNECTION.get(name, RULES)
    file.write_text(mistake.text, encoding="utf-8")
    ran = CliRunner().invoke(orderdesk, ["--config", str(file), "doctor", "--json"])
    (found,) = [finding for finding in json.loads(ran.stdout)["checks"] if finding["status"] == "failing"]
    assert ran.exit_code == 1
    assert found["location"] == f"{file}: {mistake.place}"
    assert mistake.said in found["message"]
    assert mistake.hint in found["hint"]


@pytest.mark.parametrize("name", IN_A_CONNECTION)
def test_a_desk_names_them_too_and_so_does_the_plan(file: Path, name: str) -> None:
    mistake = IN_A_CONNECTION[name]
    file.write_text(mistake.text, encoding="utf-8")
    assert list(read_config(file).connections) == ["there"], "what a plugin's settings mean is only known to the plugin"
    with Desk.open(file) as desk:
        with pytest.raises(ConfigurationError) as told:
            desk.connections.get("there")
        assert told.value.location == f"{file}: {mistake.place}"
        assert mistake.said in told.value.message
        assert mistake.hint in (told.value.hint or "")
        assert desk.connections.integration("there") == str(told.value)


def test_a_desk_tells_of_a_rules_unknown_action_when_it_is_due_and_waits_until_it_is_mended(file: Path) -> None:
    file.write_text(RULE, encoding="utf-8")
    with Desk.open(file) as desk:
        desk.orders.import_orders([Order("1", "1042")], by="Ann")
        desk.orders.move("1042", "Canceled", by="Ann")
        (told,) = desk.run_due().problems
        for words in (f"{file}: {RULES.place}: ", RULES.said, RULES.hint):
            assert words in told
        assert desk.order_store.folder_of("1") == "Canceled", "the first action is not done either"
    file.write_text(RULE.replace(', "Cancel Order at BDLinks"', ""), encoding="utf-8")
    with Desk.open(file) as mended:
        assert mended.run_due().problems == ()
        assert mended.order_store.folder_of("1") == "Closed"
