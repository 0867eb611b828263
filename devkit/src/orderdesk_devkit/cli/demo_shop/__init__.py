"""A shop to look at: orders at every installed integration, in every state that a person meets, and who works there.

`catalog` invents the orders, `services` runs the simulators behind them, `story` lets half a day pass in which orders
are canceled, rejected, lost and shipped anyway, `staff` has one person of each role, and `shop` puts it all together
for whoever shows it: `demo --serve`, the tests in a browser, and the pictures in the docs.

The story is told to a real desk by a clock that stands still between its steps, so it takes a second and ends the same
way each time. Afterwards the clock runs as fast as somebody wants to watch (`simulators.paced_clock`).

A new integration gets an order in `catalog` and a place in `story`; a test misses it otherwise. The package may import
the whole devkit and the SDK.
"""
