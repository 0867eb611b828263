"""How a person gets a session: sign-in, one-time link, step-up, sign-out.

    pages        the pages and what their forms do

What needs a step-up says so by `web.step_up`, and where a page may lead afterwards is decided in `web.own_paths`.

Of a wrong name, a wrong password and too many tries the answer is the same, and takes as long. Every sign-in begins a
session with a new token and ends the one that the browser had. A GET shows a page and changes nothing: mail programs
open one-time links by themselves.

The room may import the desk and everything below it, and the modules of `web` beside it.
"""
