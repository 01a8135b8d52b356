"""One file a version; its ``upgrade`` also writes the version into ``meta``."""
