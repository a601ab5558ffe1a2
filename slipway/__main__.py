"""``python -m slipway``: the same as ``.venv/bin/slipway``."""

from slipway.cli import main

main()
