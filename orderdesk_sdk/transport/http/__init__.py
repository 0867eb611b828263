"""Calls of one connection: made within limits, kept as evidence, redacted, classified when they fail.

`client` makes the calls: `allowed_origins` says where to, `rate_limit`, `rate_limit_wait` and `retry_after` when,
`deadline` for how long, `response_body` how much is read, `credentials` and `stored_tokens` with which token;
`connection_state` is what of that holds beyond one client. `pool` keeps each `connection` open for the next call, and
`http11` writes and reads what goes over it; httpx's requests, responses and errors are what the rest of the room sees.
`failures` is the table of what each failure proves. `replay` gives recorded exchanges as responses again,
`shared_reads` answers equal reads once, and `log_redaction` keeps secrets out of what is logged in the midst of a call.

Touch `failures` only with a test on a real socket beside it: whether a request may be sent again depends on that
table. A limit for hosts to set belongs into `limits.HttpLimits`.

httpx is imported here, in `plugin.service`, `plugin.auth` and `plugin.oauth`, and nowhere else; with the first request,
since plans and lists need none. Where click, rich and pygments are installed it imports its own command line, and has
no switch against that; so it does so once, when there is a call. The room imports
`cases`, `plugin`, `orders`, the ground, and `transport.redaction`.
"""
