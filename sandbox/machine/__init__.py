"""Containers, networks and images: they make the API's instances and databases real."""
