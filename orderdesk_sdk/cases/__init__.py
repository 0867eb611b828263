"""What can be done with an order at a connection, what follows from an answer, and what proves it. Pure.

A case is something to be done with one order at one connection, followed up until it is settled. `case` is what all
kinds share; `cancellation`, `status_change` and `resubmission` are the three kinds. `state_machine` is the whole
truth about how a case may change, `policy/` decides which change comes next, `coverage` says what of an order is
canceled where, `plan` says what a cancel would do, `receipt` and `evidence` say what proves it. `ledger` is the
interface of whoever keeps cases, implemented by `stores.sqlite`.

Touch the room to change a decision: each is a function of values, tested without a clock, a network or a file. A new
state or event needs a row in `state_machine.TRANSITIONS`; the diagram in the docs is drawn from it.

Nothing here does I/O or asks for the time: whoever calls gives the moment. It imports `plugin`, `orders`, the ground.
"""
