"""Mutants of a plugin: each a copy with one mistake, which the conformance suite must find.

    mutants     what a mutant is, and all mutants of a file
    nodes       places in a source file, and what is put there instead
    general     mistakes of any program: a branch turned, a check left out, a word or number changed
    plugins     mistakes of a plugin: an answer exchanged, a setting not read, a signature not verified, ...
    replaced_module   one module with another source, in a process
    runs        the suite against one mutant, and its result
    campaign    the suite against all mutants of a plugin, in parallel, within a budget

Why not mutmut or cosmic-ray: what is to be found are mistakes about answers, evidence, scope, settings and signatures,
which neither has and only one of them lets others add; and both run a project's whole suite from its folder, where this
runs one class of tests that comes with this package. What is left of a mutation library then is to replace a piece of
text, which `ast` gives the place of.

The room may import the SDK, `testing` and `quality`, and no `cli`.
"""
