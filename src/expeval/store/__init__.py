"""The store of accepted uploads: tables, migrations, pseudonyms, consistent snapshots; knows no files of scores."""
