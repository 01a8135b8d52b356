"""The command line: one file a verb, no statistics, heavy imports inside the commands."""
