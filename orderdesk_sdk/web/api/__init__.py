"""The JSON API: one table of operations, and what is made of it.

    kinds        what a value of a request may be: read strictly, and described as JSON Schema
    fields       requests and queries as attrs classes of such values
    requests     the bodies and queries of all operations
    replies      the documents that are answered, as typed dictionaries
    schemas      a JSON Schema of each of both
    operation    what an operation is
    operations   the table: path, role, request, reply, errors; its parts are about orders, cases and the desk
    endpoint     from a request to a handler and back: token, limits, body, idempotency key
    handlers     what is done: calls of the desk, within the connections that the token may touch
    openapi      the OpenAPI 3.1 document
    routes       the routes of the app

The room may import the desk and everything below it, and of `web` who calls and how errors are answered; nothing of the
console.
"""
