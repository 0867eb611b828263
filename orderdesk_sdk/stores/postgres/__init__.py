"""The ledger in a PostgreSQL database, for any number of processes on any number of machines.

`connection` opens a connection the one safe way, `cursor` gives it the shape that `stores.sql` takes, and
`text_adaptation` lets it store every text that Python has. The room needs the extra `postgres` (psycopg, psycopg-pool);
nothing outside imports it before a ledger in PostgreSQL is asked for.

A commit is on the server's disk before a method returns. The room imports what `stores` imports, and `stores.sql`.
"""
