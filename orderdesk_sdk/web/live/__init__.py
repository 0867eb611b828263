"""Live events: what happens to cases, sent to pages and programs as it happens, by server-sent events.

    watcher      one thread per process that looks into the ledger and feeds every stream
    subscriber   a stream's bounded buffer between that thread and the event loop
    stream       a response that goes on: first what its reader has missed, then what happens
    filters      what a reader wants, and may see
    admission    how many streams there may be
    wire         the form of the lines
    endpoints    the addresses, and what of an event is sent

The id of an event is its sequence in the ledger, so who comes back with the last one that it saw has missed nothing.
Nothing here writes. The room may import the desk and what is below it, and of the web `caller` and `references`.
"""
