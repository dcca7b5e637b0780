"""What goes wrong in a measurement. Without imports of its own: the command line reads it at every start."""


class CannotMeasure(Exception):
    """What is missing, and the fix."""
