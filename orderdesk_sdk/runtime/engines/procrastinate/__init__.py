"""The engine `procrastinate`: a job queue in the ledger's own PostgreSQL, for workers on any number of machines.

    queue     puts wakes into the queue within the ledger's transaction, makes the queue, and fills it from the ledger
    engine    runs a worker of it, with a share for each connection, and sweeps
    worker    the coroutines inside of that: fetching, handling, jobs that were left behind

A job is the id of a case and the number of an attempt. What Procrastinate does not do is not asked of it: it fences
nobody, so the ledger does; its locks order jobs by their making and not by their time, so none is taken; and what a
worker left behind when it died comes back only if somebody asks for it, so each worker does.

Needs the extra `procrastinate`, which is imported here alone. The room may import `stores.postgres` and the runtime.
"""
