"""The pages of orders.

    listing     a row of the list of orders
    places      a remote order: the route that would be taken, the others, what follows, and the case that is there
    actions     what may be pressed at a case, and why the rest may not
    reasons     the reasons to choose from, for all places together
    page        the order page
    changes     what is different in a plan from the one that a person looked at
    bulk        many orders at once: what each will do, and what has become of them
    receipt     the receipt as a timeline

Pure, as all views; they may import what these may.
"""
