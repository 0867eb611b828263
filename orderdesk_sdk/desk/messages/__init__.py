"""Messages in: taken at once, handled later, each once. Reached as `Desk.messages`.

    config        the settings of the table [messages]
    receipt       what became of one message that came in, with the HTTP status to answer
    rate          how many messages each path takes in a minute
    receiver      verifies, deduplicates, stores, and answers; it waits for no service
    handler       does what follows from a stored message, and decides what becomes of it
    dispatcher    hands due messages to threads of their own
    queues        takes messages out of a queue or a folder of files
    order_watch   looks into the order store where no message can reach this program
    service       all of this under one roof

The room may import the desk's services and everything below them, and no `cli`.
"""
