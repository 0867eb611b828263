"""What comes next for a case: which request, which poll, which person, and until when. Pure.

`requesting` decides before and after a request is sent, `failures` after a call, a mail or a plugin failed, `polling`
after a poll and at a deadline, `reported` after the poll of a cancellation that was reported or is settled, and
`read_first` for resubmissions and status changes, whose flows read before they write. `escalation` decides what follows
while a person has to find out or decide, `deadlines` how often something is tried and how long, and `events` makes the
events that all of them answer with.

Every function takes the case, what happened and the moment, and gives the event that `state_machine.transition` then
applies; none changes anything itself. Touch the room to change when a case is retried, polled, escalated or given up:
one `RetryPolicy` holds for every kind of case.

It imports the rest of `cases`, `plugin`, `orders` and the ground; it is called by `runtime`.
"""
