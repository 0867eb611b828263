"""Where orders and the ledger are kept.

The interfaces stand below: `cases.ledger.Ledger` and `orders.store.OrderStore`. This room implements them. What is
the same wherever it is kept lies at the top: `serialization` writes a history as JSON and reads it, `hash_chain` binds
each line to the ones before it, `personal_texts` keeps what people wrote beside the chain so that it can be removed,
`sealed_secret` seals what others may read, and `stored_names` knows what an earlier version called a field. `sql/` is
what every SQL database has in common, `sqlite/` and `postgres/` what only one of them has.

Touch the room to keep another field (it is in the JSON by itself; say in `personal_texts` if people write it), or to
add a database: a folder beside `sqlite`, over `sql`, held against the same tests.

It decides nothing: a stored change is given with the case before and after it. It imports `transport`, `cases`,
`plugin`, `orders` and the ground, and never `runtime` or above.
"""
