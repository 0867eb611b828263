"""Canceling many orders in one run: read from a file, recorded in groups, sent in fair shares, summed up."""
