"""Orders in a live Order Desk store, over its API v2 (https://apidocs.orderdesk.com/).

`store` is what the desk uses; `api` makes the calls within Order Desk's etiquette, `store_profile` knows folders and
the time zone, `order_search` finds orders by number, `record_update` changes an order's metadata without losing
anybody else's change, `order_history` appends notes, `order_moves` moves, `order_copies` duplicates.

What the API has no place or no search for is in the ledger's database (`store_records`): the last word of each service,
and which order has which number at a connection. Nothing is ever deleted at Order Desk.

Touch `order_document` for another field that must be read, and `settings` for what the facts leave open. It imports
`stores.store_records`, the transport, the orders and the ground; of the rooms above it knows nothing.
"""
