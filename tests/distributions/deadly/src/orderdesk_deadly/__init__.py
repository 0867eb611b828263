"""Plugins that are deadly to import, a module for each way; importing this package is harmless."""
