"""HTTP: the only package that imports httpx. Clients, limits, timeouts, credentials, and what a failure proves."""
