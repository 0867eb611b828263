"""The finder of canary secrets: it finds them in every form they are shown in, and nothing else."""

from __future__ import annotations

from orderdesk_sdk.testing.canary import Finder, canary

SECRETS = ("Atzr|c4n4ry/r3fr35h+7f1d9be0a6c2", "c4n4ry.cl13nt.1d-5e8b13f7a9d04c", "c4n4ry-cl13nt-s3cr3t-0b6e2d8f4a17")
ACCESS = "Atza|c4n4ry/4cc355+93ab57ce1d60f8"


def test_the_finder_finds() -> None:
    look = Finder(*SECRETS, ACCESS)
    assert look.found(f"x{ACCESS[3:20]}y")
    assert look.found(b"\x00" + SECRETS[2].encode())
    assert look.found("Atzr%7Cc4n4ry%2Fr3f")
    assert look.found([{"a": SECRETS[1]}])
    assert not look.found("Atza|", ACCESS[:11], b"")


def test_a_canary_is_its_own_and_always_the_same() -> None:
    assert canary("api_key") == canary("api_key")
    assert not Finder(canary("api_key")).found(canary("client_secret"))
