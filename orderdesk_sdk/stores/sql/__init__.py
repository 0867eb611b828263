"""The part of ledger and order store that is the same in every SQL database.

`database` is the seam: the cursor that all of it takes. `ledger_writer` and `ledger_reader` are the methods of
`cases.ledger.Ledger`, over the rows of `ledger_rows` and the columns of `ledger_tables`; `chain_appender` adds to the
hash chain and `integrity_check` reads it again. `group_commit` lets callers share one commit, `due_cases` finds what is
due, `event_outbox` keeps what rules have still to hear, `claimed_notifications` remembers webhooks, `text_removal`
takes personal texts away.

`order_store` implements `orders.store.OrderStore`, over the rows of `order_rows`; `order_import` brings many orders in,
and `order_database` says what all three need of a database.

Touch it to keep or find something else; a statement here must mean the same in each database. What only one of them has
(files, pools, locks, the tables themselves) stands in its own folder beside this one.

It opens no connection. It imports what `stores` imports, and no database driver.
"""
