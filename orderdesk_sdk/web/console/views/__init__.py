"""What pages show, as plain data made by pure functions: a handler reads, a view decides, a template lays out.

    orders/    the pages of orders: list, order, bulk, receipt
    work/      the pages on which people work things off: inbox, case, messages
    admin/     the pages on which the desk is looked after: rules, health, connections
    csv_table  tables for spreadsheets, in which no cell is a formula

Views know roles, so that a button which the role does not allow is off and says why; the server refuses it all the
same, by the role of its route.

What is made here:

- every text that is a sentence of ours; texts of others are passed on as they are, and made safe where they are shown
- every address that a page leads to within one order or case

Views may import cases, orders, plugin declarations and the plain records of the desk; no I/O and no Starlette.
"""
