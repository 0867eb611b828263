"""HTTP and e-mail: sent within limits, redacted, and with every failure classified.

This is the only room that opens a connection to a service. `http/` makes the calls that plugins describe, `email/`
sends and reads mail, `redaction`, `known_secrets` and `escapes` take secrets and declared fields out of all that is
kept or shown, and `shutdown` lets a desk end without breaking anything off.

What a failure proves about the other side is decided here, in one table for each protocol (`http.failures`,
`email.smtp`): nothing was sent, something may have been sent, or it was answered. Everything above relies on that and
looks at no exception of httpx or smtplib itself.

Touch the room to add a protocol or a limit. Law 3 rests on it: a request is written to the journal before its first
byte leaves. It imports `cases`, `plugin`, `orders` and the ground, and no room that stores or schedules.
"""
