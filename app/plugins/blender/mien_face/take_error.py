"""What is wrong with a take's file."""


class TakeError(Exception):
    """Says in one line why a take cannot be imported."""
