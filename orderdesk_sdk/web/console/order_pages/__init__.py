"""The handlers of the pages of orders: each reads what its view needs, and calls the desk for what was pressed.

    reading     what the order page shows, read from the desk
    listing     the list of orders
    order       the order page, and the part of it that changes by itself
    cancel      the confirmation, and the press
    actions     what else can be pressed at an order and at its cases
    bulk        many orders at once
    receipts    the receipt, its public links, and what these lead to

Handlers are plain functions, which run in threads. They may import the desk and the views, and decide nothing that a
view or the desk can.
"""
