"""Processes that are killed at every boundary, and the check of what they leave behind.

`runner` cancels an order over and over, and each time lets the process die at the next failpoint: before and after
each request, each answer and each commit. `child` is the process that dies, by SIGKILL; `fork_server` keeps prepared
processes that fork one for each case, since starting Python hundreds of times takes minutes. `checker` then opens the
ledger as the next process would, lets everything settle, and holds what the desk believes against what happened at
the service.

Touch `runner` to give failpoints to another kind of scenario. What counts as broken is decided in `checker` alone:
nothing twice (law 3), nothing lost, nothing called canceled that is not.

It imports the rest of `testing`, `simulators` and the SDK. The conformance suite runs it for every plugin.
"""
