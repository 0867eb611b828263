"""The engine `procrastinate`: a job queue in the ledger's own PostgreSQL, for workers on any number of machines.

    queue     puts wakes into the queue within the ledger's transaction, makes the queue, and fills it from the ledger
    engine    runs a worker of it, with a share for each connection, and sweeps
    worker    the coroutines inside of that: fetching, handling, jobs that were left behind

A job is the id of a case and the number of an attempt. What Procrastinate does not do is not asked of it: it fences
nobody, so the ledger does; its locks order jobs by their making and not by their time, so none is taken; and what a
worker left behind when it died comes back only if somebody asks for it, so each worker does.

A wake is done with where its case is not due, or another process has it. It waits where a thread of its own process
has it, since the wake of a next step may come before the thread is done with the step before. A wake that its
connection's share has no room for is dropped, and the sweeper then does all that is due, in rounds that end when a slow
connection alone keeps next steps waiting. What still loses a wake is rare (a crash of the server forgets the queue's
last moments, five failures in a row end a job), and costs time alone: whatever is overdue by more than the slack is
swept up.

Needs the extra `procrastinate`, which is imported here alone. The room may import `stores.postgres` and the runtime.
"""
