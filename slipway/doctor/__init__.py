"""`make doctor`: can Slipway deploy this directory, and what has to be done first?

Nothing of the application is imported or run.
"""
