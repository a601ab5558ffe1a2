"""The outside services that the seeds' applications call, as they look from a host, behind TLS."""
