"""cosession: remote co-development sessions, conducted from a browser.

The house has one rule: what a session allows is decided by pure functions (`core`); everything else is a thin shell.
"""

__version__ = "0.1.0"
