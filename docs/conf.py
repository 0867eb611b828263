"""How Sphinx builds these pages. `python3 tools/dev.py docs` runs it; nothing here or in the result needs a network."""

from __future__ import annotations

from importlib.metadata import version as version_of

from sphinx.highlighting import lexer_classes

project = "orderdesk_sdk"
author = "orderdesk_sdk contributors"
release = version = version_of("orderdesk-sdk")

extensions = ["myst_parser"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3
nitpicky = True
suppress_warnings = ["toc.empty_glob"]  # a glob may wait for its first page

smartquotes = False  # "--json" is what one types

html_theme = "furo"
html_title = f"orderdesk_sdk {release}"
html_static_path = ["_static"]
html_css_files = ["house.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_theme_options = {"navigation_with_keys": True}

lexer_classes["csv"] = lexer_classes["none"]  # Pygments knows no CSV, and a warning is an error.
