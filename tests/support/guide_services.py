"""The services that Order Desk's guide to cancellations names."""

from __future__ import annotations

GUIDE_SERVICES = (
    "amazon-marketplace",
    "amazon-mcf",
    "bay-photo",
    "bdlinx",
    "commercehub",
    "mww",
    "oia-global",
    "hp-site-flow",
    "progressive-solutions",
    "shopify",
)
"""By the slugs of their integrations; Shopify is named by its rule."""
