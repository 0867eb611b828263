"""Passwords: how costly a hash is, how many are computed at once, and what is kept of one."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from orderdesk_sdk.desk.access import passwords as module
from orderdesk_sdk.desk.access.passwords import MAX_AT_ONCE, CheckedPassword, Passwords
from orderdesk_sdk.errors import ConfigurationError, InProgressError
from orderdesk_sdk.secret import Secret

REAL_COSTS = (module.TIME_COST, module.MEMORY_COST, module.PARALLELISM)
"""As they are before tests make them cheap."""
PASSWORD = Secret("battery staple")


def test_a_hash_costs_what_rfc_9106_recommends_where_memory_is_scarce() -> None:
    assert REAL_COSTS == (3, 65_536, 4)
    kept = Passwords().hash(PASSWORD, "Ann")
    assert kept.startswith("$argon2id$")
    assert PASSWORD.reveal() not in kept
    assert Passwords().hash(PASSWORD, "Ann") != kept, "each has a salt of its own"


def test_one_letter_is_one_letter_however_a_keyboard_writes_it() -> None:
    passwords = Passwords()
    kept = passwords.hash(Secret("caf\u00e9 au lait"), "Ann")
    assert passwords.check(kept, Secret("cafe\u0301 au lait")) == CheckedPassword(is_right=True)
    assert not passwords.check(kept, Secret("cafe au lait")).is_right


def test_no_more_hashes_than_two_are_computed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = Passwords()
    kept = passwords.hash(PASSWORD, "Ann")
    passwords.check(None, PASSWORD)
    running, most = 0, 0
    lock = threading.Lock()

    def slowly(self: object, hashed: str, text: bytes) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return True

    monkeypatch.setattr("argon2.PasswordHasher.verify", slowly)
    threads = [threading.Thread(target=passwords.check, args=(kept, PASSWORD)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == MAX_AT_ONCE


def test_who_waits_too_long_for_the_turn_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = Passwords()
    kept = passwords.hash(PASSWORD, "Ann")
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.01)
    monkeypatch.setattr(module, "_turns", threading.BoundedSemaphore(1))
    with module._Turn(), pytest.raises(InProgressError, match="too many passwords"):
        passwords.check(kept, PASSWORD)
    assert passwords.check(kept, PASSWORD).is_right


def test_without_argon2_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "argon2", None)
    with pytest.raises(ConfigurationError, match="argon2-cffi"):
        Passwords()
