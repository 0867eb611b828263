"""The console and the JSON API: a Starlette app over one desk, served by `orderdesk serve`.

    app              the app: its middleware and routes; an endpoint that does not say for whom it is does not start
    caller           who calls, and what their role allows: the one place that checks it
    authentication   finds the caller by a session's cookie, or by a bearer token under /api/
    session_cookie   the cookie that holds a session's token
    step_up          what needs somebody who has proved a short while ago who they are
    own_paths        where a page may lead afterwards: to pages of ours alone
    errors           the status of each error, and how much of it whom is told
    references       references to orders in URLs
    inbound          messages of services and of the order store, by unguessable paths
    answer_page      the page that a one-time link of an e-mail leads to
    probes           /healthz and /readyz, for whoever runs the process
    rate_limits      how often a token may call, and how often an order may be polled
    server           the app under uvicorn, and a worker beside it
    process          the process: no core dumps, private files, no old Python unsaid
    middleware/      what holds for every request
    sign_in/         how a person gets a session, and proves once more who they are
    console/         pages for people
    api/             operations for programs
    live/            the stream of events

A desk is synchronous, so an endpoint is a plain function, which runs in a thread; only what streams is a coroutine.

The room may import the desk and everything below it, and no `cli`.
"""
