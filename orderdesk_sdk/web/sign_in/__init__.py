"""How a person gets a session: sign-in, one-time link, step-up, sign-out.

    pages            the pages and what their forms do
    password_page    a person gives themselves another password
    single_sign_on   sign-in by another login, by OpenID Connect
    issuer           the conversation with that login
    issuer_document  what that login says of itself, and how it is asked
    pending_login    what must be the same when a browser comes back from there
    leading_on       the browser gets the new session, and goes where it wanted to

What needs a step-up says so by `web.step_up`, and where a page may lead afterwards is decided in `web.own_paths`.

Of a wrong name, a wrong password and too many tries the answer is the same, and takes as long. Every sign-in begins a
session with a new token and ends the one that the browser had. A GET shows a page and changes nothing: mail programs
open one-time links by themselves.

The room may import the desk and everything below it, and the modules of `web` beside it.
"""
