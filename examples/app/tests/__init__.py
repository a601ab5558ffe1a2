"""Tests of the sample service."""
