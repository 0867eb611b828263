"""Ledger and order store in a PostgreSQL database, for any number of processes on any number of machines.

`pool` holds the connections of one process and `connection` opens one the same safe way; `cursor` gives it the shape
that `stores.sql` takes, and `text_adaptation` lets it store every text that Python has. `database_url` keeps the
password out of every message, `errors` puts into words what server and driver say, `migrations` brings tables to the
version of the program. `orders` opens a database as the order store, over `order_database`.

`connection_state` is what all processes know together of a connection to a service: how fast it may be called
(`rate_buckets`), and the refresh token in use (`stored_tokens`).

Touch the room for what PostgreSQL alone does; a statement that SQLite takes too stands in `stores.sql`. It needs the
extra `postgres` (psycopg, psycopg-pool); nothing outside imports it before a ledger in PostgreSQL is asked for.

A commit is on the server's disk before a method returns. The room imports what `stores` imports, and `stores.sql`.
"""
