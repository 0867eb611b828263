"""The order: what it is, its JSON, and the interface of whoever owns it.

Everything above speaks of orders in these words. `order` has the immutable classes (`Order`, `OrderLine`,
`RemoteOrder`), `references` says how people name an order (by id or number), `store` is the interface `OrderStore`
that a host app implements or takes ready-made from `stores`, `store_rules` decides what is the same in all of them,
`store_transactions` makes each call a transaction, `store_by_id` is that store as the inside of the SDK sees it,
`numbering` proposes numbers for duplicates, and `serialization` reads and writes the JSON of Order Desk's API.

Touch this room to give an order another field: the class in `order`, its line in `serialization.schema`, and the
columns in `stores.sqlite` belong to one change. A new kind of order store is written outside, against `store`.

`order` and `references` decide nothing and do no I/O. The room imports the ground (`errors`, `clock`, `secret`) only.
"""
