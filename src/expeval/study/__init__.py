"""The study file: its keys, their checks, their positions."""
