"""Events out: endpoints that hear what happens to cases, by the rules of Standard Webhooks. Reached as
`Desk.event_webhooks`.

    config       the settings of the table [event_webhooks]
    signing      secrets, and the signatures that are made with them
    vault        seals the secrets of an endpoint with a key outside the database
    payload      what is said of an event: never a body or a text of a person
    outbox       makes deliveries of what is new in the history
    schedule     when a delivery is tried again
    sender       makes one try, and says what becomes of the delivery
    dispatcher   a thread for each endpoint, so that a dead one holds up nobody
    health       whether endpoints hear everything
    service      all of this under one roof

The room may import the desk's services and everything below them, and no `cli`.
"""
