"""The handlers of the pages on which people work things off.

    inbox       what needs a person
    case        one case: what was asked and came back, and what may be done
    decisions   what is pressed there: settled, answered, sent again, withdrawn
    messages    what came in, and failed messages tried again
    table       their addresses, with the role that each needs

Handlers are plain functions, which run in threads. They may import the desk and the views, and decide nothing that a
view or the desk can.
"""
