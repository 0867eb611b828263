"""The finder of canary secrets: it finds them in every form they are shown in, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderdesk_devkit.testing.canary import Finder, as_reported, canary, encoded_forms
from orderdesk_sdk.desk.config import read_config
from orderdesk_sdk.errors import ConfigurationError

SECRETS = ("Atzr|c4n4ry/r3fr35h+7f1d9be0a6c2", "c4n4ry.cl13nt.1d-5e8b13f7a9d04c", "c4n4ry-cl13nt-s3cr3t-0b6e2d8f4a17")
ACCESS = "Atza|c4n4ry/4cc355+93ab57ce1d60f8"


def test_the_finder_finds() -> None:
    look = Finder(*SECRETS, ACCESS)
    assert look.found(f"x{ACCESS[3:20]}y")
    assert look.found(b"\x00" + SECRETS[2].encode())
    assert look.found("Atzr%7Cc4n4ry%2Fr3f")
    assert look.found([{"a": SECRETS[1]}])
    assert not look.found("Atza|", ACCESS[:11], b"")


@pytest.mark.parametrize("form", encoded_forms(""))
def test_the_finder_finds_every_form_and_a_piece_of_it(form: str) -> None:
    look = Finder(SECRETS[0], ACCESS, canary("api_key"))
    for secret in (SECRETS[0], ACCESS, canary("api_key")):
        shown = encoded_forms(secret)[form]
        assert look.found(f"it is {shown}, it says")
        assert look.found(shown[: len(shown) // 2 + 8])
    assert not look.found(encoded_forms("another-secret-of-somebody-else-1234")[form])


@pytest.mark.parametrize("before", range(Finder.PIECE + 1))
def test_the_finder_finds_a_piece_wherever_it_stands(before: int) -> None:
    secret = canary("api_key")
    look = Finder(secret)
    pieces = [secret[at : at + look.PIECE] for at in range(len(secret) - look.PIECE + 1)]
    for after in ("", ", it says"):
        assert all(look.found(f"{'.' * before}{piece}{after}") == {piece} for piece in pieces)
    assert not look.found(f"{'.' * before}{secret[: look.PIECE - 1]}")


def test_what_a_tool_reports_of_an_error_shows_variables_and_causes_but_not_those_of_tests() -> None:
    def fails(secret: str) -> None:
        raise ValueError("outer") from KeyError(secret)

    secret = "c4n4ry-in-a-cause-77ab"
    with pytest.raises(ValueError, match="outer") as caught:
        fails(secret)
    assert secret in as_reported(caught.value)
    with pytest.raises(ConfigurationError) as missing:
        read_config(Path("/nowhere/orderdesk.toml"))
    assert "path = PosixPath('/nowhere/orderdesk.toml')" in as_reported(missing.value)
    with pytest.raises(ValueError, match="quietly") as quiet:
        raise ValueError("quietly")
    assert secret not in as_reported(quiet.value)


def test_a_canary_is_its_own_and_always_the_same() -> None:
    assert canary("api_key") == canary("api_key")
    assert not Finder(canary("api_key")).found(canary("client_secret"))
