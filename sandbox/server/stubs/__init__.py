"""Stubs of outside services: RDS's trust store, and those that the project file registers."""
