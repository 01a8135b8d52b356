"""What a figure is for the page: a picture, its words, its numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure.

    Attributes
    ----------
    outcome, kind
        Whose figure it is, and which: ``"difference"``, ``"institutions"``, ``"agreement"``, ``"residuals"``.
    name
        File name without suffix, unique in the report.
    svg
        The picture, as a complete SVG file.
    title, subtitle
        What is seen; what is plotted.
    alternative
        The finding in words, for readers who don't see the picture.
    header, rows
        The figure's numbers as a table.
    """

    outcome: str
    kind: str
    name: str
    svg: str
    title: str
    subtitle: str
    alternative: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
