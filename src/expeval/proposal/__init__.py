"""A study file proposed from data files: what can be seen is guessed and said so, the rest is asked."""
