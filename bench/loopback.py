"""A service that answers at once: what is left of a call's time belongs to the client.

    python -m bench.loopback

serves on a free port of 127.0.0.1 in a process of its own, prints its URL, and ends when its stdin does.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import Receive, Scope, Send

__all__ = ["Loopback", "quiet_environment"]

ROOT = Path(__file__).resolve().parent.parent
TOKEN = json.dumps({"access_token": "Atza|bench", "token_type": "bearer", "expires_in": 3600}).encode()
HEADERS = [
    (b"content-type", b"application/json"),
    # Amazon names the rate of an account in this header and the SDK adapts to it. So the limit of 2 per second is
    # lifted the way the service itself would lift it, and nothing of the plugin is replaced.
    (b"x-amzn-ratelimit-limit", b"1000000"),
    (b"x-amzn-requestid", b"00000000-0000-0000-0000-000000000000"),
]


def quiet_environment() -> dict[str, str]:
    """This process's environment without proxies, since nothing here leaves the machine, and with bytecode.

    Where Python may not write bytecode, each measured process would compile what an installation has compiled.
    """
    left_out = "PYTHONDONTWRITEBYTECODE"
    return {name: value for name, value in os.environ.items() if "proxy" not in name.lower() and name != left_out}


class Loopback:
    """The service, running while the context lasts. url: its base URL."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.loopback"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=quiet_environment(),
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            raise RuntimeError("the loopback service did not start; its error is above")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=10)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Any PUT is taken, any order is being processed; the token endpoint gives a token."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    if scope["path"].endswith("/token"):
        body = TOKEN
    elif scope["method"] == "GET":
        number = scope["path"].rpartition("/")[2]
        order = {"sellerFulfillmentOrderId": number, "fulfillmentOrderStatus": "Processing"}
        body = json.dumps({"payload": {"fulfillmentOrder": order}}).encode()
    else:
        body = b"{}"
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, length]})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serve until stdin ends."""
    # With the protocol named asyncio turns Nagle off; else head and body of a response are 40 ms apart.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.bind(("127.0.0.1", 0))
    sock.listen(128)
    config = uvicorn.Config(
        app, lifespan="off", log_level="error", access_log=False, server_header=False, date_header=False
    )
    server = uvicorn.Server(config)

    def end_with_stdin() -> None:
        sys.stdin.read()
        server.should_exit = True
        server.force_exit = True

    threading.Thread(target=end_with_stdin, daemon=True).start()
    print(f"http://127.0.0.1:{sock.getsockname()[1]}", flush=True)
    server.run(sockets=[sock])


if __name__ == "__main__":
    main()
