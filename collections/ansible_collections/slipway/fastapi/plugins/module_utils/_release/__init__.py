"""Releases: their layout on a host, how they are prepared and checked, and the record of those that served."""
