"""The instance metadata service: what a host learns about itself, and its role's credentials."""
