"""The instance metadata service: a host's data about itself, and its role's credentials."""
