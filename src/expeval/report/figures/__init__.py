"""The report's figures, drawn from :class:`expeval.results.Results` alone.

What a figure must supply, one file a figure:

1. a function ``NAME_figure(results, subject) -> Figure | None``; ``None`` where there is nothing to draw;
2. a name from ``subject.slug``, so that files, ids and anchors are unique in the report;
3. a title that says what is seen, a subtitle that says what is plotted and the level of its intervals;
4. an alternative text with the finding in numbers, and the same numbers as ``header`` and ``rows``;
5. the picture through :func:`expeval.report.figures.canvas.canvas` and ``svg``: one style, the same bytes twice;
6. nothing computed beyond positions, shares and labels: every estimate is a cell of the results.
"""
