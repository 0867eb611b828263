"""Where a server listens, and what nobody may do over it."""

from __future__ import annotations

import pytest

from orderdesk_sdk.desk.web_config import WebConfig
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.web.api.operations import OPERATIONS
from orderdesk_sdk.web.app import create_app, guarded_routes
from orderdesk_sdk.web.server import serving
from tests.web.conftest import WebShop, WebShopOpener

NEVER = ("plugin", "install", "shell", "exec", "debug", "backup")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "desk.example.com"])  # noqa: S104 - refused
def test_nobody_listens_to_the_network_without_tls_in_front(web_shop: WebShop, host: str) -> None:
    with pytest.raises(ConfigurationError, match="plain HTTP") as caught, serving(web_shop.desk, host=host):
        pass
    assert "https" in str(caught.value.hint)


def test_with_tls_in_front_it_listens(open_web_shop: WebShopOpener) -> None:
    shop = open_web_shop(web=WebConfig(url="https://desk.example.com"))
    with serving(shop.desk, host="0.0.0.0", works=False) as server:  # noqa: S104 - what is tested
        assert server.url.startswith("http://0.0.0.0:")


def test_no_page_and_no_operation_installs_or_runs_code(web_shop: WebShop) -> None:
    paths = [route.path for route in guarded_routes(create_app(web_shop.desk).routes[:-1])]
    assert [path for path in paths if any(word in path for word in NEVER)] == []
    commands = {operation.cli_command for operation in OPERATIONS}
    assert not commands & {"check-plugin", "new-plugin", "ledger backup"}
