"""The four quality levels of a plugin: their rules, and what a plugin's folder lacks for its level.

`plugin_folder` reads a folder once: pyproject.toml, sources, README, tests, and the integrations as they load.
`rules` lists every rule with the level that asks for it; `checks_names`, `checks_source`, `checks_docs` and
`checks_tests` hold the checks, and `report` says which levels are reached and each violation with what to do.

A new rule is a function in one of the `checks_` modules and its line in `rules`; the reference page of the docs is
made from that list. A rule must say something that an author can mend, with the file it is about.

Nothing is executed of a plugin but its declaration. The room imports `testing`, `simulators` and the SDK.
"""
