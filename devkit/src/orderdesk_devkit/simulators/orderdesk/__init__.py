"""A simulator of Order Desk's API v2: the store that owns the orders, with the rules that a folder move sets off.

`service.OrderDeskSimulator` is built as every simulator of the kit, `OrderDeskSimulator(clock)`, and served by
`simulators.server.serve`. `records` and `state` hold the store, `views` writes it as the API does, `order_calls`,
`part_calls` and `search` answer, `access` lets in, counts and judges, `posting` sends what rules send, and
`control_calls` lets other processes do what people do in the browser.

Written from Order Desk's own reference (its source of 2018) and help pages. What they leave open is a switch of
`options`, its first choice the default; what neither says is invented, and marked SIM where it stands. No call was
ever compared with a real store: not verified against production.

The room imports the kit of simulators and the SDK's ground; no plugin, and nothing of the SDK's Order Desk store.
"""
