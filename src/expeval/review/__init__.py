"""Somebody else's analysis: run again, compared, packed for another machine."""
