"""The console: pages for the people of a merchant, which work without JavaScript and better with it.

    templating   makes pages of templates; every value is escaped
    templates/   Jinja2; `base.html` is the frame, `macros.html` has what pages share
    static/      one style sheet, one script, no build step

A page is made of data that a function of `views` gives, so that what it says is tested without HTML. A form changes
something by POST, with the session's token and a key of its own, and leads to a page by a redirect.

The room may import the desk and everything below it, and the modules of `web` beside it.
"""
