"""What a ledger keeps of connections and rules that were made while the desk ran."""

from __future__ import annotations

from contextlib import closing

import pytest
from attrs import evolve

from orderdesk_sdk.cases.stored_rules import RuleState
from orderdesk_sdk.errors import ConflictError
from tests.support.builders import LATER
from tests.support.ledgers import LedgerDatabase, SqlLedger
from tests.support.stored_configuration import stored_connection, stored_rule


def test_a_connection_is_given_as_it_was_stored(ledger: SqlLedger) -> None:
    first, second = stored_connection("b"), stored_connection("a")
    assert ledger.stored_connections() == ()
    ledger.save_stored_connection(first)
    ledger.save_stored_connection(second)
    assert ledger.stored_connections() == (second, first)
    changed = evolve(first, settings={}, secrets_set={}, sealed="", is_enabled=False, version=2, by="Bo", at=LATER)
    ledger.save_stored_connection(changed)
    assert ledger.stored_connections() == (second, changed)


def test_the_repr_of_a_connection_does_not_show_what_is_sealed() -> None:
    assert "c2VhbGVk" not in repr(stored_connection())


def test_who_comes_second_changes_nothing(ledger: SqlLedger) -> None:
    ledger.save_stored_connection(stored_connection())
    for version in (1, 3):
        with pytest.raises(ConflictError, match="somebody else has changed it"):
            ledger.save_stored_connection(stored_connection(version=version))
    ledger.save_stored_rule(stored_rule())
    for version in (1, 3):
        with pytest.raises(ConflictError, match="somebody else has changed it"):
            ledger.save_stored_rule(stored_rule(version=version))
    assert ledger.stored_connections() == (stored_connection(),)
    assert ledger.stored_rules() == (stored_rule(),)


def test_the_version_of_the_configuration_grows_with_every_change_and_with_no_other(ledger: SqlLedger) -> None:
    assert ledger.configuration_version() == 0
    ledger.save_stored_connection(stored_connection())
    assert ledger.configuration_version() == 1
    with pytest.raises(ConflictError):
        ledger.save_stored_connection(stored_connection())
    assert ledger.configuration_version() == 1
    ledger.save_stored_rule(stored_rule())
    assert ledger.configuration_version() == 2


def test_of_a_rule_every_version_stays_and_the_latest_counts(ledger: SqlLedger) -> None:
    first = stored_rule("first")
    second = stored_rule("second")
    enabled = evolve(first, state=RuleState.ENABLED, version=2, tested="digest")
    for rule in (first, second, enabled):
        ledger.save_stored_rule(rule)
    assert ledger.stored_rules() == (enabled, second), "in the order in which they were first made"
    deleted = evolve(enabled, state=RuleState.DELETED, version=3)
    ledger.save_stored_rule(deleted)
    assert ledger.stored_rules() == (second,)
    assert ledger.stored_rule_versions("first") == (deleted, enabled, first)
    assert ledger.stored_rule_versions("unknown") == ()


def test_a_damaged_row_hurts_itself_alone(database: LedgerDatabase) -> None:
    with closing(database.open()) as ledger:
        for name in ("damaged", "sound"):
            ledger.save_stored_connection(stored_connection(name))
            ledger.save_stored_rule(stored_rule(name))
        with database.stranger() as cursor:
            cursor.execute("UPDATE stored_connections SET settings = '[]' WHERE name = 'damaged'")
            cursor.execute("UPDATE stored_rules SET content = 'none' WHERE name = 'damaged'")
        assert ledger.stored_connections() == (stored_connection("sound"),)
        assert ledger.stored_rules() == (stored_rule("sound"),)
        assert [line.partition(":")[0] for line in ledger.damaged()] == [
            "stored connection damaged",
            "stored rule damaged",
        ]
