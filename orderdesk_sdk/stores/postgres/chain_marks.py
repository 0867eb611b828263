"""What the row of the chain says to those who waited for its lock.

They see the row as it is then, and every other table as it was when they began to wait.
"""

from __future__ import annotations

from typing import Final

__all__ = ["MIGRATED", "RETIRED"]

RETIRED: Final = 2
"""Another ledger goes on in the place of this one."""
MIGRATED: Final = 3
"""The tables were changed so that older programs cannot work with them; the next lines take this away."""
