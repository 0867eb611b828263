"""A new plugin, written from templates: a distribution that passes its tests as it is.

`plugin_template` says, without doing I/O, which files a plugin has, by its slug, how its service cancels and how
requests are signed. `writer` fills the files of `templates/` and writes them. What comes out has the three files of
every plugin (`__init__.py`, `settings.py`, `api.py`), a simulator, a conformance test, and marks where its author
goes on.

Touch the templates when the contract with plugins or the rules of `quality` change: the test of the scaffold runs
every variant and holds it against them, so a template that lags behind fails.

It imports `quality`, `testing`, `simulators` and the SDK; the command `new` calls it.
"""
