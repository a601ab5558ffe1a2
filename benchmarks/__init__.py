"""Measurements: numbers to look at and to repeat, never a reason for a test to fail."""
