"""Sign-in, its limits, sessions and step-up, in each kind of database."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.audit import AuditAction
from orderdesk_sdk.clock import VirtualClock, hours, minutes, seconds
from orderdesk_sdk.desk.access import sessions
from orderdesk_sdk.desk.access.passwords import CheckedPassword, Passwords
from orderdesk_sdk.desk.access.service import AccessService
from orderdesk_sdk.desk.audit import AuditService
from orderdesk_sdk.errors import NotFoundError
from orderdesk_sdk.secret import Secret
from tests.support.access import HERE, PASSWORD, WRONG, refused, refused_sign_in
from tests.support.builders import NOW
from tests.support.ledgers import LedgerDatabase, SqlLedger


def test_a_session_is_the_users_until_it_is_idle_for_half_an_hour(
    access: AccessService, access_clock: VirtualClock, ledger: SqlLedger
) -> None:
    signed_in = access.sign_in("ann lee", PASSWORD, address=HERE)
    token = signed_in.token.reveal()
    assert (signed_in.session.user, signed_in.session.role) == ("Ann Lee", Role.ADMIN)
    assert access.find_session(token) == signed_in.session
    assert len(signed_in.session.csrf_token) == 64
    access_clock.advance(minutes(29))
    assert access.find_session(token) is not None, "which is a use"
    access_clock.advance(minutes(29))
    assert access.find_session(token) is not None
    access_clock.advance(minutes(30))
    assert access.find_session(token) is None
    assert access.find_session("") is None
    assert access.find_session("x" * 5000) is None
    access.sign_in("Ann Lee", PASSWORD)
    assert ledger.find_session(signed_in.session.id) is None, "old ones are forgotten"


def test_a_session_ends_after_twelve_hours_however_busy(access: AccessService, access_clock: VirtualClock) -> None:
    token = access.sign_in("Ann Lee", PASSWORD).token.reveal()
    for _ in range(47):
        access_clock.advance(minutes(15))
        assert access.find_session(token) is not None
    access_clock.advance(minutes(15))
    assert access.find_session(token) is None


def test_each_sign_in_is_another_session_and_no_database_has_its_token(
    access: AccessService, database: LedgerDatabase
) -> None:
    first, second = access.sign_in("Ann Lee", PASSWORD), access.sign_in("Ann Lee", PASSWORD)
    assert first.session.id != second.session.id
    assert first.session.csrf_token != second.session.csrf_token
    with database.stranger() as cursor:
        kept = repr([cursor.execute(f"SELECT * FROM {name}").fetchall() for name in ("user_sessions", "users")])  # noqa: S608 - constants
    for secret in (first.token.reveal(), first.session.csrf_token, PASSWORD.reveal()):
        assert secret not in kept


def test_a_use_is_written_down_once_a_minute(
    access: AccessService, access_clock: VirtualClock, ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = access.sign_in("Ann Lee", PASSWORD).token.reveal()
    touched: list[str] = []
    monkeypatch.setattr(ledger, "touch_session", lambda digest, now: touched.append(digest))
    for _ in range(4):
        access_clock.advance(seconds(20))
        access.find_session(token)
    assert len(touched) == 2


def test_every_refusal_has_one_answer_and_takes_one_check_of_a_password(
    access: AccessService, monkeypatch: pytest.MonkeyPatch
) -> None:
    access.users.add("Disabled", role=Role.VIEWER, password=PASSWORD, by="Ann Lee")
    access.users.disable("Disabled", by="Ann Lee")
    access.users.add("By link", role=Role.VIEWER, by="Ann Lee")
    checked: list[bool] = []
    hashes: list[bool] = []
    check = Passwords.check

    def counting(self: Passwords, password_hash: str | None, password: Secret) -> CheckedPassword:
        checked.append(password_hash is not None)
        found = check(self, password_hash, password)
        hashes.append(found.is_right)
        return found

    monkeypatch.setattr(Passwords, "check", counting)
    said = {
        str(refused_sign_in(access, name, password))
        for name, password in (
            ("Ann Lee", WRONG),
            ("Nobody", PASSWORD),
            ("Disabled", PASSWORD),
            ("By link", PASSWORD),
            ("x" * 5000, Secret("y" * 5000)),
            ("Ann Lee", Secret("")),
            ("Ann Lee", Secret("\ud800")),
        )
    }
    assert len(said) == 1
    assert checked == [True, False, True, False, False, True, True], "a hash is computed each time"
    assert hashes == [False, False, True, False, False, False, False]


def test_without_a_hash_one_is_computed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords, verified = Passwords(), list[str]()
    verify = type(passwords._hasher).verify

    def counting(self: object, kept: str, text: bytes) -> object:
        verified.append(kept.rpartition("$")[0].rpartition("$")[0])
        return verify(self, kept, text)  # type: ignore[arg-type] # the hasher, as it was

    monkeypatch.setattr(type(passwords._hasher), "verify", counting)
    kept = passwords.hash(PASSWORD, "Ann")
    assert passwords.check(kept, PASSWORD) == CheckedPassword(is_right=True)
    for password_hash in (None, kept, "junk"):
        assert not passwords.check(password_hash, WRONG).is_right
    assert len(verified) == 4
    assert len(set(verified[:3])) == 1, "with the same parameters"


def test_a_hash_with_other_parameters_is_renewed_at_sign_in(
    access: AccessService, ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ledger.find_user("Ann Lee")
    monkeypatch.setattr("orderdesk_sdk.desk.access.passwords.TIME_COST", 2)
    newer = AccessService(ledger, AuditService(ledger, access.clock), access.clock)
    token = access.sign_in("Ann Lee", PASSWORD).token.reveal()
    newer.sign_in("Ann Lee", PASSWORD)
    after = ledger.find_user("Ann Lee")
    assert before is not None
    assert after is not None
    assert after.password_hash != before.password_hash
    assert newer.find_session(token) is not None, "no session ends for it"
    newer.sign_in("Ann Lee", PASSWORD)
    again = ledger.find_user("Ann Lee")
    assert again is not None
    assert again.password_hash == after.password_hash


def test_failures_of_an_account_make_the_next_wait_longer_but_never_for_ever(
    access: AccessService, access_clock: VirtualClock
) -> None:
    for _ in range(sessions.FREE_PER_ACCOUNT):
        assert refused_sign_in(access, "Ann Lee").retry_after is None
    waits: list[int] = []
    for _ in range(12):
        refused_sign_in(access, "Ann Lee")
        wait = refused(lambda: access.sign_in("Ann Lee", PASSWORD)).retry_after
        assert wait is not None
        waits.append(wait)
        access_clock.advance(seconds(wait))
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    access.sign_in("Ann Lee", PASSWORD)
    for _ in range(sessions.FREE_PER_ACCOUNT):
        assert refused_sign_in(access, "Ann Lee").retry_after is None, "counted anew"


def test_an_account_that_is_unknown_waits_like_one_that_is_known(access: AccessService) -> None:
    for name in ("Nobody", "Ann Lee"):
        answers = [refused_sign_in(access, name).retry_after for _ in range(8)]
        assert answers == [None] * 6 + [1, 1], name


def test_failures_from_one_address_are_counted_over_all_accounts_and_networks_of_version_6(
    access: AccessService, access_clock: VirtualClock
) -> None:
    for number in range(sessions.FREE_PER_ADDRESS + 1):
        refused_sign_in(access, f"user {number}", address=f"2001:db8::{number:x}")
    assert refused(lambda: access.sign_in("Ann Lee", PASSWORD, address="2001:db8::ffff")).retry_after == 1
    access.sign_in("Ann Lee", PASSWORD, address="2001:db8:0:1::1")
    access_clock.advance(seconds(1))
    access.sign_in("Ann Lee", PASSWORD, address="2001:db8::1")
    refused(lambda: access.sign_in("Eve", WRONG, address="2001:db8::2"))
    wait = refused(lambda: access.sign_in("Ann Lee", PASSWORD, address="2001:db8::3")).retry_after
    assert wait == 2, "a sign-in that works takes back its own count alone"


def test_several_processes_count_together_and_attempts_at_once_one_after_the_other(
    access: AccessService, database: LedgerDatabase, access_clock: VirtualClock
) -> None:
    other = database.open()
    beside = AccessService(other, AuditService(other, access_clock), access_clock)
    waits: list[int | None] = []

    def attempt(service: AccessService) -> None:
        waits.append(refused(lambda: service.sign_in("Ann Lee", WRONG)).retry_after)

    threads = [threading.Thread(target=attempt, args=(service,)) for service in (access, beside) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert waits.count(None) == sessions.FREE_PER_ACCOUNT + 1, "no more passwords were looked at"


def test_a_clock_that_was_ahead_blocks_nobody_for_long(access: AccessService, ledger: SqlLedger) -> None:
    ahead = VirtualClock(NOW + timedelta(days=400))
    wrong_time = AccessService(ledger, AuditService(ledger, ahead), ahead)
    for _ in range(7):
        refused(lambda: wrong_time.sign_in("Ann Lee", WRONG))
    assert refused(lambda: access.sign_in("Ann Lee", PASSWORD)).retry_after == 300


def test_sign_ins_are_in_the_audit_log_without_what_was_typed(access: AccessService, audit: AuditService) -> None:
    refused(lambda: access.sign_in("my secret password", WRONG, address=HERE))
    refused(lambda: access.sign_in("Ann Lee", WRONG, address=HERE))
    token = access.sign_in("Ann Lee", PASSWORD, address=HERE).token.reveal()
    access.step_up(token, PASSWORD, address=HERE)
    assert access.sign_out(token, address=HERE)
    found = [(one.record.action, one.record.actor, one.record.subject, one.record.address) for one in audit.list(5)]
    assert found == [
        (AuditAction.SIGNED_OUT, "Ann Lee", "user Ann Lee", HERE),
        (AuditAction.STEPPED_UP, "Ann Lee", "user Ann Lee", HERE),
        (AuditAction.SIGNED_IN, "Ann Lee", "user Ann Lee", HERE),
        (AuditAction.SIGN_IN_FAILED, "", "user Ann Lee", HERE),
        (AuditAction.SIGN_IN_FAILED, "", "an unknown user", HERE),
    ]
    assert access.users.remove_audit_texts("ann lee", by="Ann Lee") == 5
    assert {entry.record.address for entry in audit.list()[1:]} == {"", HERE}, "but for who was nobody known"
    assert [entry.record.action for entry in audit.list()[1:3]] == [AuditAction.SIGNED_OUT, AuditAction.STEPPED_UP]
    assert audit.verify() == ()


# Step-up and sign-out


def test_a_step_up_counts_for_ten_minutes(access: AccessService, access_clock: VirtualClock) -> None:
    signed_in = access.sign_in("Ann Lee", PASSWORD)
    token = signed_in.token.reveal()
    assert signed_in.session.is_stepped_up(access_clock.now()), "who has just signed in has just said who they are"
    access_clock.advance(minutes(10))
    session = access.find_session(token)
    assert session is not None
    assert not session.is_stepped_up(access_clock.now())
    refused(lambda: access.step_up(token, WRONG))
    stepped_up = access.step_up(token, PASSWORD)
    assert stepped_up.is_stepped_up(access_clock.now())
    assert access.find_session(token) == stepped_up
    access_clock.advance(hours(1))
    with pytest.raises(NotFoundError, match="the session has ended"):
        access.step_up(token, PASSWORD)


def test_passwords_are_not_guessed_by_stepping_up(access: AccessService) -> None:
    token = access.sign_in("Ann Lee", PASSWORD).token.reveal()
    for _ in range(sessions.FREE_PER_ACCOUNT + 1):
        refused(lambda: access.step_up(token, WRONG))
    assert refused(lambda: access.step_up(token, PASSWORD)).retry_after == 1


def test_a_session_that_was_signed_out_is_gone(access: AccessService) -> None:
    token = access.sign_in("Ann Lee", PASSWORD).token.reveal()
    assert access.sign_out(token)
    assert access.find_session(token) is None
    assert not access.sign_out(token)
