"""The ledger and the embedded order store in SQLite files.

`ledger` opens a file as the ledger whose methods stand in `stores.sql`, and `write_session` runs its transactions.
`orders` opens a file as the order store, over `order_database`. `connection` opens a file the one safe way; `backup`,
`text_removal` and `ledger_file_guard` look after it.

A change of a table is a new version in `ledger_schema` and a step that brings an older file forward
(`chain_migration`, `case_migration`; `version_0_1` is frozen). Files that earlier versions wrote are kept for its
tests.

A commit is on disk before a method returns. The room imports what `stores` imports.
"""
