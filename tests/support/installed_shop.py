"""The shop of the suite of engines as an installed plugin, for programs that find their integrations by themselves."""

from __future__ import annotations

from pathlib import Path

from orderdesk_devkit.testing.engines.shop import CONNECTIONS

__all__ = ["connection_tables", "install_shop"]

_MODULE = "from orderdesk_devkit.testing.engines.shop import ShopPlugin\n\nfirst, second = map(ShopPlugin, {!r})\n"


def install_shop(folder: Path) -> None:
    """Leave the shop's integrations in a folder as pip would."""
    info = folder / "orderdesk_shop-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "shop_plugins.py").write_text(_MODULE.format(CONNECTIONS), encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: orderdesk-shop\nVersion: 1.0\n", encoding="utf-8")
    points = "".join(f"{name} = shop_plugins:{name}\n" for name in CONNECTIONS)
    (info / "entry_points.txt").write_text(f"[orderdesk.integrations]\n{points}", encoding="utf-8")


def connection_tables(url: str) -> str:
    """The connections to a shop, as a configuration has them."""
    return "".join(
        f'\n[connections.{name}]\nintegration = "{name}"\nsettings.endpoint = "{url}"\n' for name in CONNECTIONS
    )
