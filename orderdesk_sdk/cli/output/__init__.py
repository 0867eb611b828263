"""How the command line shows things: tables, lines, times, and pages of long lists.

Each module shows one kind of thing (`cancellations`, `cases`, `integrations`, `matrix`, `rules`, `work`); `screen` is
the terminal that all of them write to, which takes control characters out of what services and customers wrote, `times`
shows moments and spans, and `pages` holds one page of a list at a time.

Here are only forms. What is shown is computed in `desk` or `cases`, and the words for states and evidence stand in
`cases.wording`, so that a receipt reads the same everywhere.

Touch the room to change how something looks. JSON output is not made here: that is `desk.documents`, and its keys are
a contract. The room imports `desk` and what is below it; rich is imported here and in `cli` only.
"""
