"""Waits for ever, as for a lock that nobody lets go."""

import time

while True:
    time.sleep(60)
