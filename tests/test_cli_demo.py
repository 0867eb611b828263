"""`demo`: the story is true, is told in words, and leaves nothing behind."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from orderdesk_sdk.cli.group import orderdesk


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which temporary folders are made."""
    made = tmp_path / "temporary"
    made.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    monkeypatch.chdir(made)
    return made


def test_the_demo_shows_three_fates_a_resubmission_and_the_receipts(temporary: Path) -> None:
    ran = CliRunner().invoke(orderdesk, ["demo", "--json"])
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    cases = [receipt["wishes"][0]["cases"][0] for receipt in told["receipts"]]
    assert [case["state"] for case in cases] == ["canceled", "refused", "canceled"]
    assert [case["refusal"] for case in cases] == [None, "too late", None]
    assert [case["proof"]["kind"] for case in cases] == ["read-back", "reply", "read-back"]
    assert "lost" in [step["what"] for step in cases[2]["steps"]]
    assert (told["resubmission"]["state"], told["resubmission"]["order_number"]) == ("done", "1042-1")
    assert "twice" in told["refused_resubmission"]
    assert list(temporary.iterdir()) == []


def test_the_story_is_told_in_words(temporary: Path) -> None:
    ran = CliRunner().invoke(orderdesk, ["demo"])
    assert ran.exit_code == 0, ran.output
    for words in (
        "Nothing real is touched.",
        "Amazon takes note, no more",
        "refused (too late)",
        "Did Amazon act? That is not guessed",
        "a resubmission would make the order twice",
        "Canceled at every place that held it.",
        "Nothing is left behind",
    ):
        assert words in ran.stdout
    assert "\x1b" not in ran.stdout
    assert list(temporary.iterdir()) == []


def test_what_is_kept_can_be_looked_at(temporary: Path) -> None:
    kept = temporary / "kept"
    assert CliRunner().invoke(orderdesk, ["demo", "--keep", str(kept)]).exit_code == 0
    looked = CliRunner().invoke(orderdesk, ["--config", str(kept / "orderdesk.toml"), "receipt", "1042", "--json"])
    receipt = json.loads(looked.stdout)
    written = json.loads((kept / "receipt-1042.json").read_text(encoding="utf-8"))
    assert receipt["wishes"][0]["cases"][0]["proof"] == written["wishes"][0]["cases"][0]["proof"]
    again = CliRunner().invoke(orderdesk, ["demo", "--keep", str(kept)])
    assert again.exit_code == 1
    assert "not empty" in again.stderr
