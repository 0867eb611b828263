"""Mutants of a plugin: each a copy with one mistake, which the conformance suite must find.

    mutants     what a mutant is, and all mutants of a file
    nodes       places in a source file, and what is put there instead
    general     mistakes of any program: a branch turned, a check left out, a word or number changed
    own_choices what its author chooses freely, so that it is no mistake
    plugins     mistakes of a plugin: an answer exchanged, a setting not read, a signature not verified, ...
    replaced_module   one module with another source, in a process
    suite_process   the suite in a process of its own
    preload     what that process would import again and again
    recording   the pytest plugins of a run
    profile     which tests reach which lines of the unchanged plugin, and how long they take
    runs        the tests that reach it against one mutant, and the result
    campaign    the suite against all mutants of a plugin, in parallel, within a budget

Why not mutmut or cosmic-ray: what is to be found are mistakes about answers, evidence, scope, settings and signatures,
which neither has and only one of them lets others add; and both run a project's whole suite from its folder, where this
runs one class of tests that comes with this package. What is left of a mutation library then is to replace a piece of
text, which `ast` gives the place of. Which lines a test reaches is told by coverage.py.

The room may import the SDK, `testing` and `quality`, and no `cli`.
"""
