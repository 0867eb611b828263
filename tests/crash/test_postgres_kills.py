"""A process that writes into a ledger in PostgreSQL is killed at every statement: all or nothing of a write is there.

One process forks a child for each point; what a child was told is written goes into a file before it dies.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.errors import NotFoundError
from orderdesk_sdk.stores.postgres.ledger import PostgresLedger
from tests.support.ledgers import DATABASES, PostgresDatabase, open_database, shared_folder

pytestmark = [pytest.mark.crash, pytest.mark.slow]

ROOT = Path(__file__).resolve().parent.parent.parent
CHILDREN = """
import json, os, signal, sys
from pathlib import Path
import psycopg
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.state_machine import transition
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres.cursor import PostgresCursor
from orderdesk_sdk.stores.postgres.ledger import PostgresLedger
from tests.support.builders import ACKNOWLEDGED, EXCHANGE, INTENT, SENT, make_cancellation, make_case_of

url, told = Secret(sys.argv[1]), Path(sys.argv[2])

def child(number, dies_at):
    ledger = PostgresLedger(url)
    passed = 0

    def dying(execute):
        def counted(*arguments, **options):
            point()
            found = execute(*arguments, **options)
            point()
            return found
        return counted

    def point():
        nonlocal passed
        passed += 1
        if passed == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def tell(step):
        with told.open("a") as file:
            file.write(json.dumps([number, step]) + "\\n")

    PostgresCursor.execute = dying(PostgresCursor.execute)
    psycopg.Connection.execute = dying(psycopg.Connection.execute)
    cancellation = make_cancellation(str(number))
    case = make_case_of(cancellation)
    ledger.open_cancellation(cancellation, "", [case])
    tell(1)
    sent = transition(case, SENT).case
    ledger.write(CaseUpdate(case, sent, [SENT, INTENT]))
    tell(2)
    ledger.write(CaseUpdate(sent, transition(sent, ACKNOWLEDGED).case, [EXCHANGE, ACKNOWLEDGED]))
    tell(3)
    os._exit(0)

number = 0
for _ in range(2):  # The first round dies in the migrations, too; the second one finds the tables there.
    for dies_at in range(1, 500):
        number += 1
        pid = os.fork()
        if pid == 0:
            try:
                child(number, dies_at)
            except BaseException:
                import traceback
                traceback.print_exc()
            os._exit(7)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if code not in (0, -signal.SIGKILL):
            sys.exit(f"a child ended with {code}")
        if code == 0:
            break
print(number)
"""
STEPS = {State.PENDING: 1, State.SENDING: 2, State.ACKNOWLEDGED: 3}
LINES = {0: 0, 1: 0, 2: 2, 3: 4}


@pytest.fixture(params=DATABASES[1:])
def database(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgresDatabase]:
    with open_database(request.param, tmp_path, shared_folder(tmp_path_factory)) as opened:
        assert isinstance(opened, PostgresDatabase)
        yield opened


def reached(ledger: PostgresLedger, number: int) -> int:
    """How far a child's case is: 0 where there is none."""
    try:
        case = ledger.case(f"c{number}-1", CancelCase)
    except NotFoundError:
        assert ledger.cancellations(str(number)) == (), "a cancellation without its case"
        return 0
    step = STEPS[case.state]
    assert len(ledger.history(case.id)) == LINES[step]
    return step


def test_a_kill_at_any_statement_leaves_all_or_nothing_of_a_transaction(
    database: PostgresDatabase, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    ran = subprocess.run(
        [sys.executable, "-c", CHILDREN, database.url, told],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    points = int(ran.stdout)
    assert points > 40, "the kills were not where the statements are"
    said: dict[int, int] = {}
    for line in told.read_text("utf-8").splitlines():
        number, step = json.loads(line)
        said[number] = step
    with closing(database.open()) as ledger:
        found = {number: reached(ledger, number) for number in range(1, points + 1)}
        assert list(ledger.find_flaws()) == []
    assert all(found[number] >= step for number, step in said.items()), "what was reported as written is not there"
    assert all(found[number] - said.get(number, 0) <= 1 for number in found), "what nobody began is there"
    assert found[points] == 3
    assert set(found.values()) == {0, 1, 2, 3}
