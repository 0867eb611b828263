"""The end of the chain: remembered while one process writes alone, and read after another one has written."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

from orderdesk_sdk.stores.sql.group_commit import GroupCommit
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.builders import open_case
from tests.support.waiting import eventually


def test_the_head_is_read_only_after_somebody_else_has_written(sqlite_ledger: SqliteLedger, path: Path) -> None:
    said: list[str] = []
    sqlite_ledger._writer.set_trace_callback(said.append)

    def reads(number: int) -> int:
        said.clear()
        open_case(sqlite_ledger, number=str(number))
        return sum(one.startswith("SELECT count, head FROM chain") for one in said)

    with closing(SqliteLedger(path)) as other:
        alone = [reads(1), reads(2)]
        open_case(other, number="3")
        after_another = [reads(4), reads(5), reads(6)]
    assert (alone, after_another) == ([0, 0], [1, 1, 0])
    assert list(sqlite_ledger.find_flaws()) == []


def test_jobs_of_one_transaction_are_chained_one_after_the_other_wherever_the_head_was(
    sqlite_ledger: SqliteLedger, path: Path
) -> None:
    """Also where it has to be done again, because another process has moved the head."""
    first, second = (open_case(sqlite_ledger, number=number) for number in ("1", "2"))
    with closing(SqliteLedger(path)) as other:
        open_case(other, number="3")
    commits = sqlite_ledger._commits
    assert isinstance(commits, GroupCommit)
    with commits.locked():
        threads = [
            threading.Thread(target=sqlite_ledger.append, args=(case, ["noted"]), kwargs={"if_unchanged": True})
            for case in (first, second)
        ]
        for thread in threads:
            thread.start()
        eventually(lambda: len(commits._pending) == len(threads), "all of them wait for the commit")
    for thread in threads:
        thread.join()
    assert [sqlite_ledger.history(case.id)[-1].content for case in (first, second)] == ["noted", "noted"]
    assert list(sqlite_ledger.find_flaws()) == []
