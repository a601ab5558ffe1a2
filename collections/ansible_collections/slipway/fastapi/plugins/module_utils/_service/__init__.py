"""The running service: its context for other programs, its hooks and its health check."""
