"""What only PostgreSQL has: its connections, its tables, and what several processes share there.

`database_url` is a URL with a password that no message shows, `pool` the connections of one process, `cursor` the seam
of `sql.database` over psycopg's, `errors` the words for what the server and the driver say, `migrations` how tables
come to the version of the program.

Touch it for what PostgreSQL alone does; a statement that SQLite takes too stands in `sql/`.

It needs the extra `postgres`, and is imported by nobody who keeps a ledger in a file.
"""
