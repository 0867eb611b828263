"""For trying things out and for writing plugins: simulators, sandbox, demo, tests, scaffold, quality levels.

Production installs `orderdesk-sdk` only; this distribution is for developers, plugin authors and CI. The rooms, from
the top; each imports only those below it:

    cli         the commands `sandbox`, `demo`, `new`, `check-plugin`, added to `orderdesk` by entry points
    scaffold    a new plugin, written from templates
    quality     the rules of the four quality levels of a plugin
    testing     the conformance suite, cassettes, and the pytest plugin
    simulators  what simulators of services are made of

`sample_orders` and `declaration_checks` stand beside `simulators`, below the rest.

Dependencies run one way: everything here may import `orderdesk_sdk`, and nothing there imports this. Simulators of
single services lie beside their plugins, not here.
"""
