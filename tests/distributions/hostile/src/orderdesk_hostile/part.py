"""A part that cannot be imported: it needs what is not there."""

import orderdesk_hostile_absent  # type: ignore[import-not-found]  # noqa: F401 - there is none, which is what it is for
