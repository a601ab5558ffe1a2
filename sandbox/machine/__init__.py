"""Containers, networks and images: what makes the sandbox's instances and databases real."""
