"""The ledger in a PostgreSQL database, for any number of processes on any number of machines.

`connection` opens a connection the one safe way, `cursor` gives it the shape that `stores.sql` takes, and
`text_adaptation` lets it store every text that Python has.

Touch it for what only PostgreSQL has: its tables and their migrations, locks, the pool. A session is never used without
the settings of `connection`, and what two processes may do at once is decided by locks of rows, not of this process.

It needs the extra `postgres` (psycopg, psycopg-pool); nothing outside imports it before a ledger in PostgreSQL is asked
for. A commit is on the server's disk before a method returns. It imports what `stores` imports, and `stores.sql`.
"""
