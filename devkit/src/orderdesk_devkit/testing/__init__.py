"""What plugin authors test with: simulators of services, faults on real sockets, checks against vendors' own files.

Nothing is imported here; name the module you need: `serving`, `faults`, `simulator`, `specs`, `plugin`.
"""
