"""The `[answer_links]` table: what is wrong in it is named with its place and hint, in a file and in code alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderdesk_sdk.desk.config import Config, read_config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.runtime.answer_links import AnswerLinkConfig
from orderdesk_sdk.secret import Secret

PAGE = "https://desk.example.com/answer"
GOOD = f'page = "{PAGE}"\nsigning_secret = {{ env = "LINKS" }}\n'


def read(tmp_path: Path, table: str) -> Config:
    path = tmp_path / "orderdesk.toml"
    path.write_text(f"[answer_links]\n{table}", encoding="utf-8")
    return read_config(path)


@pytest.fixture(autouse=True)
def secret_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINKS", "nobody-guesses-these-32-characters")
    monkeypatch.setenv("SHORT", "guessed")


def test_two_lines_are_enough(tmp_path: Path) -> None:
    links = read(tmp_path, GOOD).answer_links
    assert links is not None
    assert (links.page, links.valid_days) == (PAGE, 14)
    assert "nobody-guesses" not in repr(links)


@pytest.mark.parametrize(
    ("table", "key", "said"),
    [
        ("", "page", "is missing"),
        (f'page = "{PAGE}"', "signing_secret", "is missing"),
        (GOOD.replace("https", "http"), "page", "http"),
        (GOOD.replace("LINKS", "SHORT"), "signing_secret", "fewer than 32 characters"),
        (GOOD.replace('{ env = "LINKS" }', '"written-into-the-file"'), "signing_secret", "env"),
        (GOOD + "valid_days = 0", "valid_days", "1"),
        (GOOD + "valid_days = 1000", "valid_days", "365"),
        (GOOD + "days = 3", "", "unknown key 'days'"),
    ],
)
def test_each_mistake_is_named_with_its_place(tmp_path: Path, table: str, key: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read(tmp_path, table)
    assert str(raised.value.location).endswith(f"[answer_links]{'.' if key else ''}{key}")
    assert said in str(raised.value)
    assert "guessed" not in str(raised.value)


def test_what_is_made_in_code_is_held_against_the_same_before_anything_is_made(tmp_path: Path) -> None:
    links = AnswerLinkConfig(page=PAGE, signing_secret=Secret("short"))
    with pytest.raises(ConfigurationError, match="fewer than 32"):
        Desk(Config(tmp_path / "never-made.db", answer_links=links))
    assert list(tmp_path.iterdir()) == []
