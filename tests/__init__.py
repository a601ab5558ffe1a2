"""How we know: unit, integration and end-to-end tests, and `run.py`, which runs them and all the other checks."""
