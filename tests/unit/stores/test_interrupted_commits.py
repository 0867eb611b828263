"""A commit that is interrupted: the others of the batch are told what the disk holds, or that nobody knows."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.sql.group_commit import GroupCommit
from orderdesk_sdk.stores.sqlite.write_session import SqliteWriteSession
from tests.unit.stores.test_group_commit import insert, kept, together


class InterruptedSession(SqliteWriteSession):
    """A session that is interrupted while it commits: before the disk has it, or after."""

    is_before = False
    answer: bool | None = True

    def commit(self) -> None:
        if not self.is_before:
            super().commit()
        raise KeyboardInterrupt

    def was_committed(self) -> bool:
        if self.answer is None:
            raise KeyboardInterrupt
        return super().was_committed()


@pytest.mark.parametrize("is_before", [True, False])
def test_an_interrupt_while_it_commits_tells_the_others_what_the_disk_holds(
    connection: sqlite3.Connection, path: Path, is_before: bool
) -> None:
    session = InterruptedSession(connection)
    session.is_before = is_before
    results = together(GroupCommit(session), [insert(1), insert(2), insert(2), insert(3)])
    interrupted = [index for index, result in enumerate(results) if isinstance(result, KeyboardInterrupt)]
    assert len(interrupted) == 1, "whoever committed hears of it"
    others = [result for result in results if not isinstance(result, KeyboardInterrupt)]
    assert kept(path) == ([] if is_before else [1, 2, 3])
    if is_before:
        assert all("nothing was written" in str(other) and "interrupted" in str(other) for other in others)
    else:
        failed = [other for other in others if other is not None]
        assert len(failed) <= 1
        assert all(isinstance(error, sqlite3.IntegrityError) for error in failed), "of the one that failed alone"


def test_an_interrupt_whose_end_cannot_be_found_out_is_told_as_that(connection: sqlite3.Connection) -> None:
    session = InterruptedSession(connection)
    session.answer = None
    results = together(GroupCommit(session), [insert(1), insert(2)])
    (other,) = (result for result in results if not isinstance(result, KeyboardInterrupt))
    assert isinstance(other, StorageError)
    assert "whether the last change was written is not known" in str(other)
    assert "look at the case before you do the same again" in str(other)


def test_an_interrupt_before_the_transaction_leaves_nobody_waiting(
    group: GroupCommit, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(batch: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(group, "_try_twice", interrupted)
        results = together(group, [insert(1), insert(2)])
    assert sorted(type(result).__name__ for result in results) == ["KeyboardInterrupt", "StorageError"]
    assert kept(path) == []
