"""The commands of `orderdesk`, one module for each group of them.

`cancel` plans and cancels, `decide` is what a person says about a case, `report` shows cases and receipts, `orders`
imports and registers, `rules` lists and tries rules, `integrations` and `doctor` say what can be used and what is
wrong, `ledger` backs up and verifies, and `work` is the worker.

A command reads its arguments, calls one method of a `Desk` service, and hands the result to `cli.output` or, with
`--json`, to `desk.documents`. It holds no logic of its own: what a command can do, a host app can do.

A new command is a function here and its line in `cli.group`; the reference page of the docs is made from it. The room
imports `desk` and what is below it, and the rest of `cli` except `group`.
"""
