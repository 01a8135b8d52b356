"""What people do with the uploads of a cohort, one file a use case, without any page.

The way of a file: ``look`` (sheets, header, columns) → ``keep_draft`` (the used columns, students as pseudonyms) →
``review`` (words and faults, or the preview), with ``answer``, ``mend`` and ``settle`` in between → ``confirm`` (the
receipt).  Each use case is one transaction: all of it holds, or nothing.
"""
