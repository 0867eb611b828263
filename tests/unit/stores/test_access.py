"""Users, one-time links and API tokens, in each kind of database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.audit import AuditAction
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.desk.access.api_tokens import API_TOKEN_PREFIX
from orderdesk_sdk.desk.access.service import AccessService
from orderdesk_sdk.desk.audit import AuditService
from orderdesk_sdk.errors import ConflictError, InvalidStateError, NotFoundError, ValidationError
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.sqlite.backup import restore
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.access import PASSWORD, refused
from tests.support.builders import NOW
from tests.support.ledgers import LedgerDatabase


def actions(audit: AuditService) -> list[AuditAction]:
    return [entry.record.action for entry in audit.list()]


# Users


def test_a_role_may_what_those_before_it_may() -> None:
    assert [[role.allows(needed) for needed in Role] for role in Role] == [
        [True, False, False, False],
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, True],
    ]


def test_names_are_compared_without_case_and_kept_as_given(access: AccessService) -> None:
    assert access.users.get("ANN LEE").name == "Ann Lee"
    with pytest.raises(ConflictError, match="has this name already"):
        access.users.add("ann  lee", role=Role.VIEWER, by="Ann Lee")
    for bad in ("", " ", "x" * 101, "a\x1bb", "token erp"):
        with pytest.raises(ValidationError, match="name"):
            access.users.add(bad, role=Role.VIEWER, by="Ann Lee")
    assert [user.name for user in access.users.list()] == ["Ann Lee"]


@pytest.mark.parametrize("text", ["short", "x" * 201, "zzzzzzzzzzzz", "bob miller"])
def test_a_password_that_can_be_guessed_is_refused(access: AccessService, text: str) -> None:
    with pytest.raises(ValidationError, match="the password"):
        access.users.add("Bob Miller", role=Role.VIEWER, password=Secret(text), by="Ann Lee")


def test_the_last_admin_stays_one(access: AccessService) -> None:
    with pytest.raises(InvalidStateError, match="the last admin"):
        access.users.disable("Ann Lee", by="Ann Lee")
    with pytest.raises(InvalidStateError, match="the last admin"):
        access.users.set_role("Ann Lee", Role.SUPERVISOR, by="Ann Lee")
    access.users.add("Bob", role=Role.ADMIN, password=PASSWORD, by="Ann Lee")
    access.users.disable("Ann Lee", by="Bob")
    with pytest.raises(InvalidStateError, match="the last admin"):
        access.users.set_role("Bob", Role.VIEWER, by="Bob")


def test_of_two_admins_who_demote_each_other_at_once_one_stays(
    access: AccessService, database: LedgerDatabase, access_clock: VirtualClock
) -> None:
    access.users.add("Bob", role=Role.ADMIN, by="Ann Lee")
    other = database.open()
    beside = AccessService(other, AuditService(other, access_clock), access_clock)
    start, refusals = threading.Barrier(2), list[str]()

    def demote(service: AccessService, name: str) -> None:
        start.wait()
        try:
            service.users.set_role(name, Role.VIEWER, by="somebody")
        except InvalidStateError as error:
            refusals.append(error.message)

    threads = [threading.Thread(target=demote, args=each) for each in ((access, "Bob"), (beside, "Ann Lee"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert len(refusals) == 1
    assert sorted(user.role.value for user in access.users.list()) == ["admin", "viewer"]


@pytest.mark.parametrize(
    "change",
    [
        lambda users: users.set_role("Bob", Role.OPERATOR, by="Ann Lee"),
        lambda users: users.disable("Bob", by="Ann Lee"),
        lambda users: users.set_password("Bob", Secret("another one here"), by="Ann Lee"),
    ],
    ids=["role", "disabled", "password"],
)
def test_a_change_of_a_user_ends_sessions_and_links(access: AccessService, change: Callable[[object], object]) -> None:
    access.users.add("Bob", role=Role.VIEWER, password=PASSWORD, by="Ann Lee")
    token = access.sign_in("Bob", PASSWORD).token.reveal()
    link = access.make_sign_in_link("Bob", by="Ann Lee").reveal()
    other = access.sign_in("Ann Lee", PASSWORD).token.reveal()
    change(access.users)
    assert access.find_session(token) is None
    assert access.find_session(other) is not None
    with pytest.raises(NotFoundError):
        access.use_sign_in_link(link)


def test_a_program_and_a_person_never_have_one_name(access: AccessService) -> None:
    access.users.add("Robot", role=Role.VIEWER, by="Ann Lee")
    with pytest.raises(ConflictError, match="a user has this name"):
        access.api_tokens.create("robot", role=Role.VIEWER, expires_at=NOW + hours(1), by="Ann Lee")
    access.api_tokens.create("erp", role=Role.VIEWER, expires_at=NOW + hours(1), by="Ann Lee")
    with pytest.raises(ConflictError, match="a token has this name"):
        access.users.add("ERP", role=Role.VIEWER, by="Ann Lee")


def test_a_backup_that_is_restored_lets_nobody_in_who_was_signed_out_since(tmp_path: Path) -> None:
    path, backup = tmp_path / "ledger.db", tmp_path / "backup.db"
    with closing(SqliteLedger(path)) as ledger:
        clock = VirtualClock(NOW)
        access = AccessService(ledger, AuditService(ledger, clock), clock)
        access.users.add("Ann Lee", role=Role.ADMIN, password=PASSWORD, by="setup")
        token = access.sign_in("Ann Lee", PASSWORD).token.reveal()
        link = access.make_sign_in_link("Ann Lee", by="setup").reveal()
        assert ledger.backup(backup).flaws == ()
        access.sign_out(token)
        access.use_sign_in_link(link)
    restore(backup, path, NOW)
    with closing(SqliteLedger(path)) as ledger:
        access = AccessService(ledger, AuditService(ledger, clock), clock)
        assert access.find_session(token) is None
        with pytest.raises(NotFoundError):
            access.use_sign_in_link(link)
        assert list(ledger.find_flaws()) == []
        assert access.sign_in("Ann Lee", PASSWORD).session.user == "Ann Lee"


# One-time links


def test_a_link_signs_in_once_within_a_quarter_of_an_hour(access: AccessService, access_clock: VirtualClock) -> None:
    link, late = (access.make_sign_in_link("ann lee", by="setup").reveal() for _ in range(2))
    assert access.use_sign_in_link(link).session.user == "Ann Lee"
    for _ in range(2):
        with pytest.raises(NotFoundError, match="used already, or has expired"):
            access.use_sign_in_link(link)
    access_clock.advance(minutes(15))
    for token in (late, "junk", ""):
        with pytest.raises(NotFoundError, match="used already, or has expired"):
            access.use_sign_in_link(token)
    with pytest.raises(NotFoundError, match="no such user"):
        access.make_sign_in_link("Nobody", by="setup")


def test_of_two_who_use_a_link_at_once_one_gets_in(
    access: AccessService, database: LedgerDatabase, access_clock: VirtualClock
) -> None:
    other = database.open()
    beside = AccessService(other, AuditService(other, access_clock), access_clock)
    for _ in range(3):
        link = access.make_sign_in_link("Ann Lee", by="setup").reveal()
        start, got_in = threading.Barrier(4), list[str]()

        def use(service: AccessService, token: str = link, start: threading.Barrier = start) -> None:
            start.wait()
            try:
                got_in.append(service.use_sign_in_link(token).token.reveal())  # noqa: B023 - joined within the turn
            except NotFoundError:
                return

        threads = [threading.Thread(target=use, args=(service,)) for service in (access, beside) * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(got_in) == 1
    other.close()


def test_other_logins_let_in_whom_an_admin_has_added(access: AccessService) -> None:
    access.users.add("Bob", role=Role.OPERATOR, by="Ann Lee", identity="bob@shop.example")
    assert access.sign_in_identity("BOB@shop.example").session.user == "Bob"
    refused(lambda: access.sign_in_identity("eve@shop.example"))
    assert access.sign_in_trusted("bob").session.role is Role.OPERATOR
    refused(lambda: access.sign_in_trusted("eve"))
    with pytest.raises(ConflictError, match="another user has this identity"):
        access.users.set_identity("Ann Lee", "Bob@shop.example", by="Ann Lee")
    access.users.disable("Bob", by="Ann Lee")
    assert access.trusted_user("Bob") is None
    refused(lambda: access.sign_in_identity("bob@shop.example"))
    refused(lambda: access.sign_in_trusted("bob"))


# API tokens


def test_a_token_counts_until_its_end_or_until_it_is_revoked(
    access: AccessService, access_clock: VirtualClock, audit: AuditService
) -> None:
    made, text = access.api_tokens.create(
        "erp", role=Role.OPERATOR, connections=["mww", "mww"], expires_at=NOW + hours(24), by="Ann Lee"
    )
    assert text.reveal().startswith(API_TOKEN_PREFIX)
    assert (made.connections, made.created_by) == (("mww",), "Ann Lee")
    found = access.api_tokens.find(text.reveal())
    assert found is not None
    assert found.last_used_at == NOW
    for other in ("", "odsk_", text.reveal()[:-1], text.reveal() + "x", text.reveal().upper(), "x" * 5000):
        assert access.api_tokens.find(other) is None
    access_clock.advance(hours(24))
    assert access.api_tokens.find(text.reveal()) is None
    _, second = access.api_tokens.create("two", role=Role.VIEWER, expires_at=NOW + hours(48), by="Ann Lee")
    access.api_tokens.revoke("two", by="Ann Lee")
    assert access.api_tokens.find(second.reveal()) is None
    with pytest.raises(InvalidStateError, match="revoked already"):
        access.api_tokens.revoke("two", by="Ann Lee")
    with pytest.raises(NotFoundError):
        access.api_tokens.revoke("three", by="Ann Lee")
    assert [token.name for token in access.api_tokens.list()] == ["erp", "two"]
    assert actions(audit)[:3] == [AuditAction.TOKEN_REVOKED, AuditAction.TOKEN_CREATED, AuditAction.TOKEN_CREATED]


def test_a_token_that_may_not_be_is_refused(access: AccessService) -> None:
    for end in (NOW, NOW + timedelta(days=367)):
        with pytest.raises(ValidationError, match="at most a year"):
            access.api_tokens.create("erp", role=Role.VIEWER, expires_at=end, by="Ann Lee")
    for name in ("", "a b", "x" * 51, "-x"):
        with pytest.raises(ValidationError, match="a token's name"):
            access.api_tokens.create(name, role=Role.VIEWER, expires_at=NOW + hours(1), by="Ann Lee")
    access.api_tokens.create("erp", role=Role.VIEWER, expires_at=NOW + hours(1), by="Ann Lee")
    access.api_tokens.revoke("erp", by="Ann Lee")
    with pytest.raises(ConflictError, match="is, or was, a token of this name"):
        access.api_tokens.create("erp", role=Role.VIEWER, expires_at=NOW + hours(1), by="Ann Lee")
