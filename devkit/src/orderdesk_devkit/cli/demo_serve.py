"""`demo --serve`: the console on a shop with a history, its services simulated, its time as fast as one wants."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

import click

from orderdesk_devkit.cli.demo_shop.shop import open_demo_shop
from orderdesk_devkit.cli.demo_shop.staff import STAFF, add_staff, sign_in_address
from orderdesk_sdk.cli.output.screen import Screen
from orderdesk_sdk.cli.output.work import problem_shower
from orderdesk_sdk.cli.session import Session
from orderdesk_sdk.cli.signals import stop_event
from orderdesk_sdk.clock import SystemClock

__all__ = ["serve_demo"]


def serve_demo(session: Session, *, port: int, pace: float) -> None:
    """Serve the shop until Ctrl-C or SIGTERM; nothing is left behind.

    Args:
        port: 0: any free one.
        pace: seconds that pass in the shop in one of the machine's.

    Raises ConfigurationError where the port is taken, or an integration or the extra `web` is not installed.
    """
    from orderdesk_sdk.web.server import serving

    now = SystemClock().now().replace(microsecond=0)
    with (
        stop_event() as stop,
        tempfile.TemporaryDirectory(prefix="orderdesk-demo-") as folder,
        open_demo_shop(Path(folder), now=now) as shop,
    ):
        add_staff(shop.desk)
        with serving(shop.desk, port=port, report=problem_shower(None)) as server:
            shop.clock.run(pace)
            links = {name: sign_in_address(shop.desk, server.url, name) for name in STAFF}
            document = {"url": server.url, "sign_in": links["ada"], "links": links, "pace": pace}
            if session.as_json:
                click.echo(json.dumps(document))
            else:
                _show(Screen(), server.url, links, pace)
            stop.wait()


def _show(screen: Screen, url: str, links: Mapping[str, str], pace: float) -> None:
    screen.line(f"The console is at {url}, with {pace:g} seconds of the shop in one of yours.", "bold")
    screen.line("Sign in by one of these links. Each works once, for 15 minutes:")
    screen.table(("who", "may", "link"), [(name, STAFF[name].value, link) for name, link in links.items()])
    screen.line("All services are simulated and nothing leaves this machine. Ctrl-C ends it and leaves nothing behind.")
