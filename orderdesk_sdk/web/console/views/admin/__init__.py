"""The pages on which the desk is looked after.

    rules         rules as sentences, what they would do, what they did
    rule_form     a rule as the fields of a form, and back
    health        what was checked, and what to put right
    connections   the form of a connection, field by field

What must never be made here is a text that shows a secret: forms know only that one is set, and since when.

Pure, as all views; they may import what these may.
"""
