"""The console: pages for the people of a merchant."""
