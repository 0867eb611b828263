"""What plugin authors test with: the conformance suite, a harness, cassettes, and checks of vendors' own files.

`conformance/` is what every plugin must pass, by inheriting one class. `harness` sets up a desk with one plugin and
its simulator for tests of one's own, and `pytest_plugin` gives it as a fixture. `cassettes`, `record`, `scrubbing`
and `cassette_suite` keep real conversations with a service and play them again; `specs` and `npm` hold simulators
against published models; `canary` finds secrets that leaked; `failpoints/` kills processes at every boundary.

Nothing is imported here; name the module you need. Touch the room to give all plugins another test; a test of one
plugin lies in that plugin's folder, and a helper of our own core tests in `tests/support`.

It imports `simulators`, `sample_orders`, `declaration_checks` and the SDK.
"""
