"""The handlers of the pages on which the desk is looked after.

    rules         what happens by itself; tried on an order
    matrix        what each integration can do
    health        how the work goes
    audit         who did, saw or tried what
    users         who may sign in
    tokens        which programs may call the API
    connections   the accounts at services
    table         their addresses, with the role that each needs

Handlers are plain functions, which run in threads. They may import the desk and the views, and decide nothing that a
view or the desk can.
"""
