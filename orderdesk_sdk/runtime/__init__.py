"""Makes cases happen: connections, threads, flows, due work.

`connections` makes each configured connection ready on first use: integration, settings, HTTP client and a bulkhead
of threads. `scheduler` does what is due, each connection by itself (`due_round`), and gives each case to its handler in
`handlers/`. `flow_runner` drives a plugin's flow while `journal` writes every request down before it leaves; after a
crash the flow is driven again over the record, and `guarded_journal` lets nothing leave twice (law 3). `context`
reads what a case is about, `listeners` lets the host's policies and observers take part.

Touch the room to change how work is scheduled or isolated, not what follows from an answer: that is `cases.policy`,
and not what is said on the wire: that is a plugin.

It imports the interfaces of `cases` and `orders`, `transport`, `plugin` and the ground. It knows no database: a
ledger and an order store are given to it by `desk`.
"""
