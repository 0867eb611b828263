"""E-mail: sent once over SMTP, and read without trusting any of it.

`smtp` composes and sends a mail and says what a failure proves; `smtp_session` bounds the conversation with the
server. `parsing` judges what a person files as a service's answer. What it says is found by `extraction`, which runs
in a process of its own (`extraction_process`, `extraction_child`); there `mime_parts`, `charsets`, `html_text` and
`dates` take a stranger's mail apart within bounds, and `automatic_mail` tells the mails that no person wrote, which
prove nothing.

Touch the room to recognize another automatic answer or to take another form of mail. Whatever comes in may be
hostile: every loop has a bound in the length of the mail, and every bound has a test.

A mail that was accepted by a server is sent, not canceled: what follows is decided in `cases.policy`. The room
imports `cases`, `plugin`, `orders`, the ground, and `transport.redaction`.
"""
