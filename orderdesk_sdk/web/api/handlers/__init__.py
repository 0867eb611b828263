"""What the operations do: each calls the desk, and gives the document of the reply.

    orders         orders, plans, receipts
    cancellations  cancel, withdraw, resubmit, set a status
    cases          cases, and what a person decides about one
    bulks          many orders at once
    receipt_links  links to receipts that need no token
    reports        rules, integrations, the matrix, health

A handler sees and touches nothing but what `scope` lets the token see. Who asks is the token's name, never a field.

The room may import the desk, and of the API what describes calls; neither routes nor the endpoint.
"""
