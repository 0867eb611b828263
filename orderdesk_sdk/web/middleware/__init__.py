"""What holds for every request, as plain ASGI: streams pass through it untouched.

    security_headers   the headers of every answer: nothing runs or is framed that this server did not send
    hosts              only requests that name a host of ours
    client_address     where a request comes from, as a trusted proxy says
    body_limits        how much of a body is read, and for how long
    plain_answer       an answer without a page, for what is refused before there is one

`app` says in which order they stand. Starlette's BaseHTTPMiddleware is not used: it holds streams back.

The room may import the ground and Starlette.
"""
