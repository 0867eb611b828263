"""The console of the shop to look at, served on loopback for a browser, with somebody signed in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from attrs import define, field
from playwright.sync_api import BrowserContext, Page

from orderdesk_devkit.cli.demo_shop.shop import DemoShop, open_demo_shop
from orderdesk_devkit.cli.demo_shop.staff import add_staff
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.web.server import serving
from tests.support.browser import BrowserWatch

__all__ = ["PASSWORD", "Console", "open_console"]

PASSWORD = Secret("a long password for the shop to look at")


@define
class Console:
    """A served shop. Time stands still until `shop.clock` runs or is moved; the server's worker does what is due.

    Args:
        watch: sees every page that `open` gave.
    """

    shop: DemoShop
    url: str
    watch: BrowserWatch
    _served: ExitStack = field(repr=False)

    def sign_in(self, context: BrowserContext, name: str) -> None:
        """Give a browser the session of one of the staff: vera, otto, sue or ada."""
        access = self.shop.desk.access
        token = access.use_sign_in_link(access.make_sign_in_link(name, by="ada").reveal()).token
        context.add_cookies([{"name": "orderdesk", "value": token.reveal(), "url": self.url}])

    def open(self, context: BrowserContext, path: str) -> Page:
        """A page of the console in a new tab, watched."""
        page = context.new_page()
        self.watch.watch(page)
        page.goto(self.url + path)
        return page

    def stop(self) -> None:
        """End the server, as a host that is restarted; the shop stays."""
        self._served.close()

    def start_again(self) -> None:
        """Serve again, at the same address."""
        port = int(self.url.rpartition(":")[2])
        self._served.enter_context(serving(self.shop.desk, port=port))

    def states(self, number: str) -> dict[str, str]:
        """The word for the state of each case of an order, by connection."""
        return {case.connection: case.state.value for case in self.shop.desk.cases.list(order=number)}


@contextmanager
def open_console(folder: Path, *, with_bulk: bool = False, works: bool = True) -> Iterator[Console]:
    """The shop at the end of its story, served within the block. works: the server does what is due."""
    with open_demo_shop(folder, with_bulk=with_bulk) as shop, ExitStack() as served:
        add_staff(shop.desk)
        server = served.enter_context(serving(shop.desk, works=works))
        yield Console(shop, server.url, BrowserWatch(server.url), served)
