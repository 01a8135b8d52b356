"""A table as the template draws it: header, rows of ready text, notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from expeval.report.methods import label
from expeval.report.numbers import count, decimals_for, degrees, number, p_value
from expeval.results import EstimateRow


@dataclass(frozen=True, slots=True)
class Row:
    """Cells as text; ``chosen`` rows are set apart, ``note`` stands small under the first cell."""

    cells: tuple[str, ...]
    chosen: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """``text_columns``: how many leading columns are words, aligned left; the rest are numbers, aligned right."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    text_columns: int = 1
    notes: tuple[str, ...] = ()


def estimate_table(
    caption: str,
    rows: Sequence[EstimateRow],
    level: str,
    *,
    term: bool = False,
    factor: float = 1.0,
    unit: str = "",
    notes: Sequence[str] = (),
    chosen: str | None = None,
) -> Table:
    """Estimates with errors, intervals and tests; ``factor`` puts shares into percentage points."""
    suffix = f", {unit}" if unit else ""
    names = ("Method", "Term") if term else ("Method",)
    header = (*names, f"Estimate{suffix}", "Std. error", f"{level} interval", "Statistic", "df", "p", "n")
    lines = []
    for row in rows:
        words = (label(row.method), row.term) if term else (label(row.method),)
        lines.append(Row((*words, *_numbers(row, factor)), row.primary or row.method == chosen, row.note))
    return Table(caption, header, tuple(lines), 2 if term else 1, tuple(notes))


def _numbers(row: EstimateRow, factor: float) -> tuple[str, ...]:
    shown = 1.0 if _is_probability(row) else factor
    sizes = [abs(v) for v in (row.estimate, row.std_error) if v is not None]
    decimals = decimals_for(max(sizes) * shown if sizes else None)
    interval = (
        "–"
        if row.conf_low is None or row.conf_high is None
        else f"{number(row.conf_low * shown, decimals)} to {number(row.conf_high * shown, decimals)}"
    )
    scaled = [None if v is None else v * shown for v in (row.estimate, row.std_error)]
    return (
        number(scaled[0], decimals),
        number(scaled[1], decimals + 1 if scaled[1] is not None and decimals < 6 else decimals),
        interval,
        number(row.statistic, 1 if row.method == "mann-whitney" else 2),
        degrees(row.df),
        p_value(row.p_value),
        count(row.n),
    )


def _is_probability(row: EstimateRow) -> bool:
    return (
        row.method in ("brunner-munzel", "probability-of-superiority", "rank-biserial") or row.analysis == "effect-size"
    )


def size_table(caption: str, rows: Sequence[EstimateRow], level: str, notes: Sequence[str] = ()) -> Table:
    """Effect sizes: estimate and interval, two decimals."""
    lines = [
        Row(
            (
                label(row.method),
                number(row.estimate, 2),
                number(row.std_error, 3),
                "–" if row.conf_low is None else f"{number(row.conf_low, 2)} to {number(row.conf_high, 2)}",
                count(row.n),
            ),
            note=row.note,
        )
        for row in rows
    ]
    return Table(
        caption, ("Effect size", "Estimate", "Std. error", f"{level} interval", "n"), tuple(lines), 1, tuple(notes)
    )
