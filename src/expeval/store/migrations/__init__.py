"""Migrations of the store, one file a version; run by :mod:`expeval.store.open` in one transaction."""
