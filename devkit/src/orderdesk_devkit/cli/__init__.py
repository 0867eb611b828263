"""The commands that the devkit adds to `orderdesk`: `sandbox`, `demo`, `new` and `check-plugin`.

`sandbox` serves the simulators of all installed plugins and writes a configuration that leads to them. `demo` plays
the story of `demo_script` on such services by a virtual clock, told by `narrator`. `new` writes a plugin by
`scaffold`, and `check` judges one by `quality` and prints it by `check_report`.

The SDK's command line does not import this room: it finds the commands through the entry-point group
`orderdesk.commands`, so an installation without the devkit just has fewer commands.

A new command is a module here and its line in the entry points of the devkit's pyproject.toml. The room may import
the whole devkit and the SDK.
"""
