"""Engines: what wakes a process when a case is due, and how a case is handled that something woke.

    protocol        what an engine is: `wake(case_id, attempt, at)` and `run()`
    inline          a loop in this process, which looks into the ledger
    wakes           tells an engine of every case that a write makes due
    wake_handler    handles one case that an engine woke, and sweeps up what is overdue

An engine carries alarms and no truth. What is due, since when and whose it is, says the ledger alone: a wake that is
lost, comes late, twice or out of order changes nothing but the time, because the handler claims the case in the
ledger first, and does nothing where that fails. A host's own queue fits in here; the page "Let your own queue wake
the desk" has one in 60 lines, and `orderdesk_devkit.testing.engines` judges any.

The room may import what the runtime may. No engine imports another.
"""
