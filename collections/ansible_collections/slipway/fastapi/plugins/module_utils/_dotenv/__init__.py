"""The `.env` of a service: its grammar, the names that it may set, and the parameters that it comes from."""
