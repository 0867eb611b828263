"""The names under which tests record what the summary of a run tells."""

from __future__ import annotations

__all__ = [
    "BROWSER_SKIP",
    "CONFORMANCE",
    "FAILPOINTS",
    "FUZZ_SKIP",
    "LOUD_SKIPS",
    "UNTESTED",
    "VENDOR_SKIP",
    "WHEEL_SKIP",
]

FAILPOINTS = "failpoints"
"""The property under which a test records which failpoints were tried; the summary tells it."""
CONFORMANCE = "conformance"
"""The property under which a standard test records (integration, what, how many); the sums are said in the summary."""
UNTESTED = "untested"
"""The property under which a standard test records (integration, what is declared and could not be tried, whether the
test class says why); each is said in the summary, with the reason or with a hint."""
VENDOR_SKIP = "not checked against the vendor: "
"""How the reason of a skip begins that must not go unseen."""
BROWSER_SKIP = "not seen in a browser: "
"""The same for what only a real browser shows."""
FUZZ_SKIP = "not fuzzed: "
"""The same for the API, where there is no schemathesis to call it."""
WHEEL_SKIP = "not installed from wheels: "
"""The same for what pip installs into an empty environment, where it reaches no package index."""
LOUD_SKIPS = (VENDOR_SKIP, BROWSER_SKIP, FUZZ_SKIP, WHEEL_SKIP)
