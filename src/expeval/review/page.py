"""A verification as one HTML file that a reviewer can attach: no network, no script."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from expeval.report.numbers import count
from expeval.report.page import STYLE, environment
from expeval.report.tables import Column, Row, Table, table
from expeval.review.verification import Traced, Verification
from expeval.review.words import (
    EDITED,
    EITHER,
    data_lines,
    place,
    plan_lines,
    row_lines,
    shown,
    software_lines,
    verdict,
)

TEMPLATES = Path(__file__).parent / "templates"
MOST = 2000  # cells on the page; --json has all


def verification_page(found: Verification) -> str:
    """The page of a verification, from what it found alone."""
    first = [traced for traced in found.real if traced.difference.row in found.primary]
    others = found.real[len(first) :]
    noise = [traced for traced in found.differences if traced.difference.degree == "noise"]
    style = Markup(STYLE.read_text(encoding="utf-8"))
    return (
        environment(TEMPLATES)
        .get_template("verification.html")
        .render(
            style=style,
            found=found,
            verdict=verdict(found),
            either=EITHER,
            compared=count(found.compared),
            edited=[f"{file.file} {EDITED[file.what]}" for file in found.edited],
            software=software_lines(found.causes),
            plan=plan_lines(found.causes),
            data=data_lines(found.causes, found.verdict != "not-rerun")[:1],
            rows=row_lines(found.causes.table) if found.causes.table else [],
            first=_cells("The rows of the answers", first) if first else None,
            others=_cells("All other rows", others) if others else None,
            noise=_cells("Within numerical noise", noise) if noise else None,
        )
    )


def _cells(caption: str, traced: Sequence[Traced]) -> Table:
    columns = [Column(name, numeric=False) for name in ("Where", "Then", "Now", "Relative", "Because of")]
    rows = [
        Row(
            (
                place(one.difference),
                shown(one.difference.old),
                shown(one.difference.new),
                "" if one.difference.relative is None else f"{one.difference.relative:.1e}",
                ", ".join(one.causes),
            )
        )
        for one in traced[:MOST]
    ]
    notes = (f"{len(traced) - MOST} further cells are left out here; --json has all.",) if len(traced) > MOST else ()
    return table(caption, columns, rows, notes)
