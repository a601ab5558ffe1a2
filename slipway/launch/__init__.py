"""What runs before ``.venv`` exists: makes the checkout ready, checks what a person asks for, and starts the program.

Everything in this package needs the system's Python and its standard library, and nothing else.
"""
