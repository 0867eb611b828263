"""A shop to look at: orders at every installed integration, in every state that a person meets, and who works there.

`catalog` invents the orders, `services` runs the simulators behind them, `story` lets half a day pass in which orders
are canceled, rejected, lost and shipped anyway, and `shop` puts it all together for whoever shows it.
"""
