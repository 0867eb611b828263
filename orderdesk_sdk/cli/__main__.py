"""`python -m orderdesk_sdk.cli`, for when the script `orderdesk` is not on the path."""

from __future__ import annotations

from orderdesk_sdk.cli import main

if __name__ == "__main__":
    main()
