"""The pages on which people work things off: what waits for them, and one case with everything about it.

    inbox       a row for each thing that needs a person
    asked       what a case asks for, in words
    decisions   the forms of a case's page, and why some of them are off
    case        the case's page
    messages    what came in

Every row and every page says what to do next. Texts of services stay as they are; templates make them safe.

Pure, as all views; they may import what these may.
"""
