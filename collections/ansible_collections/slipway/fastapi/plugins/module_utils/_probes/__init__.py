"""Reachability probes: what the service depends on, tried from the host, as the service.

The package is written for two homes. The `probe_archive` module packs it into a zip application that a systemd unit
runs on the host; `postgres_role` imports parts of it to say at which stage a database cannot be reached. So imports
inside it are relative, and it needs nothing but Python 3.9, boto3 and psycopg 3.
"""
