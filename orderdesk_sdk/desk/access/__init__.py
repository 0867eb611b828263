"""Who may use console and API: users, sign-in, sessions, one-time links, API tokens. Reached as `Desk.access`.

    passwords     hashes and checks them, two at a time, in the same time whether there is such a user or not
    names         what users and tokens may be called
    users         adds users, changes role and password, disables; each change ends the user's sessions
    sessions      sign-in, step-up, sign-out, and the session that a cookie names
    api_tokens    makes tokens, finds whose one is, revokes
    service       all of this under one roof

Time is the machine's own here, also where the desk's is that of a sandbox. Every sign-in, good or failed, and every
change is written into the audit log together with what it is about. Roles are not checked here: whoever serves people
and programs asks `Role.allows` in one place before it calls.

The room may import the desk's audit service and everything below the desk, and no `cli` or `web`.
"""
