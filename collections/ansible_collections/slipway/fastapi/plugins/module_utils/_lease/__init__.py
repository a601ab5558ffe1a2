"""Separates the releases of a fleet: the lease in S3, its heartbeat, and the hosts' check of its generation."""
