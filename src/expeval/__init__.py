"""expeval: statistical evaluation of teaching experiments."""

__version__ = "0.1.0"
