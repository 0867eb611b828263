"""The documents that the API answers with, as typed dictionaries.

    values      what stands in many of them
    orders      orders, plans
    cases       cases, cancellations
    events      the stream of events
    receipts    receipts
    bulks       summaries of bulks
    reports     rules, matrix, integrations, health

They describe what `desk.documents` writes, and a test holds every document against them. A key's type is what its
schema is made of: an enum stands for the values of its members, `Annotated[...]` carries a description or a format.

The room may import enums and nothing that does anything.
"""
