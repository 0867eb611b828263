"""One handler for each kind of case, behind the protocol of `base.CaseHandler`.

`cancellation` handles cancels: `cancel_call` sends a request, alone or in a batch, `poll_call` asks where it stands,
and `email` sends the mail of an e-mail route. `read_first` is what the other two kinds share, whose flow looks first
and is driven again each time; `resubmission` and `status_change` are those kinds. The scheduler finds a handler by
the class of the case and knows nothing else of it.

A new kind of case is a class in `cases`, a handler here, and its line in `scheduler`; nothing else changes.

A handler writes down what happened before anybody hears of it, and asks `cases.policy` what follows. What keeps a
case from being done is written into the case and raised only to a person who asked by name. The room imports what
`runtime` imports; modules of `runtime` above it (`scheduler`) are not imported here.
"""
