"""Canceling many orders in one run. Reached as `Desk.cancel_many` and `orderdesk cancel --from FILE`.

    request    one order of a bulk, and the key under which the ledger knows it
    file       the file that lists them, checked as a whole before anything is done
    run        records in groups, gives results as they come, sums up
    sender     the thread that sends meanwhile, in the scheduler's fair rounds
    result     what became of one order, by its cases
    summary    what became of all, grouped by reason
    lists      bulks of a person at a page: the list is kept first, so that what was cut off can be gone on with

The ledger is the queue and the memory of a run: an order is recorded under a key of the bulk before it is sent, so a
run that was killed goes on where it is run again. Nothing here holds an order longer than it takes to record it.

The room may import the desk's services and everything below them, and no `cli`.
"""
