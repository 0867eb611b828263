"""What comes next for a case: which request, which poll, which person, and until when. Pure.

`requesting` decides before and after a request is sent, `polling` after a status was read, `failures` when a call, a
mail, a plugin or a connection failed, `read_first` for the cases whose flow looks first (resubmissions and status
changes), `escalation` when a person has to find out or decide, `deadlines` how often something is tried and how long,
and `events` makes the evidence that all of them give.

Every function takes the case, what happened and the moment, and gives the event that `state_machine.transition` then
applies; none changes anything itself. Touch the room to change when a case is retried, polled, escalated or given up:
one `RetryPolicy` holds for every kind of case.

It imports the rest of `cases`, `plugin`, `orders` and the ground; it is called by `runtime`.
"""
