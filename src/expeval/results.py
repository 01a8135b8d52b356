"""Results: the tidy tables that leave the program, and their JSON and CSV views.

Every number of report, JSON, CSV and Python API is a cell of these tables.  No student's row is in them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas

SCHEMA = "expeval-results/1"


@dataclass(frozen=True, slots=True)
class EstimateRow:
    """A row of ``estimates``; columns are defined in :mod:`expeval.glossary`."""

    outcome: str
    analysis: str
    method: str
    term: str
    estimate: float | None = None
    std_error: float | None = None
    statistic: float | None = None
    df: float | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    conf_low: float | None = None
    conf_high: float | None = None
    n: int | None = None
    institutions: int | None = None
    clusters: int | None = None
    primary: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A row of ``groups``: the description of one arm."""

    outcome: str
    arm: str
    moment: str
    n: int | None
    missing: int | None
    institutions: int | None
    mean: float | None
    sd: float | None
    median: float | None
    q25: float | None
    q75: float | None
    min: float | None
    max: float | None
    skewness: float | None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A row of ``flow``: from rows read to rows analysed, one outcome and arm."""

    outcome: str
    arm: str
    read: int | None
    left_out: dict[str, int | None]
    analysed: int | None
    complete: int | None
    institutions: int | None
    classes: int | None


@dataclass(frozen=True, slots=True)
class DistributionRow:
    """A bin (``low`` to ``high``; equal where a level) of an outcome in an arm."""

    outcome: str
    arm: str
    moment: str
    low: float
    high: float
    n: int | None


@dataclass(frozen=True, slots=True)
class ResidualRow:
    """A percentile of the primary model's standardised residuals."""

    outcome: str
    probability: float
    value: float


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A choice that the program made, its reason and the figures it rests on."""

    outcome: str | None
    step: str
    choice: str
    because: str
    figures: dict[str, float | int | str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WarningRow:
    """What a careful methodologist would say about this analysis."""

    outcome: str | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A file that was read and what was detected in it."""

    file: str
    role: str
    rows: int | None
    encoding: str | None
    delimiter: str | None
    decimal: str | None
    sheet: str | None
    header_row: int | None
    mended: dict[str, int]


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A key of study.toml that is not as it was locked; values as text, ``None`` where the key was not set.

    ``first``: in the plan as it was locked first; ``planned``: in its latest amendment; ``used``: in this run.
    """

    outcome: str | None
    key: str
    status: str
    first: str | None
    planned: str | None
    used: str | None
    reason: str | None


def answer_of(rows: Sequence[EstimateRow], primary: EstimateRow) -> EstimateRow:
    """The row that tells what the primary one found, see :meth:`Results.answer`."""
    if not primary.method.startswith("win-fraction-"):
        return primary
    told = ("effect-size", primary.method.replace("win-fraction-", "probability-of-superiority-", 1))
    of_outcome = (row for row in rows if row.outcome == primary.outcome)
    return next((row for row in of_outcome if (row.analysis, row.method) == told), primary)


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that a run found.

    Attributes
    ----------
    study
        The study file's keys as read (title, question, groups, outcomes, inference, report, ...).
    """

    study: dict[str, Any]
    sources: tuple[SourceRow, ...]
    flow: tuple[FlowRow, ...]
    groups: tuple[GroupRow, ...]
    distributions: tuple[DistributionRow, ...]
    estimates: tuple[EstimateRow, ...]
    residuals: tuple[ResidualRow, ...]
    decisions: tuple[DecisionRow, ...]
    warnings: tuple[WarningRow, ...]
    plan: tuple[PlanRow, ...] = ()

    def primary(self, outcome: str) -> EstimateRow:
        """The row that is the answer for an outcome."""
        return next(row for row in self.estimates if row.outcome == outcome and row.primary)

    def answer(self, outcome: str) -> EstimateRow:
        """The row that a reader is told: the primary one, or the same as P where it regresses win fractions.

        The coefficient 2P - 1 of such a regression comes with the error of P, so that its p and interval can't be
        read off it; ``probability-of-superiority-METHOD`` has P with its own.
        """
        return answer_of(self.estimates, self.primary(outcome))

    def find(
        self, outcome: str, analysis: str, method: str | None = None, term: str | None = None
    ) -> list[EstimateRow]:
        """The rows of an outcome and analysis, in order."""
        return [
            row
            for row in self.estimates
            if row.outcome == outcome
            and row.analysis == analysis
            and method in (None, row.method)
            and term in (None, row.term)
        ]

    def to_dict(self) -> dict[str, Any]:
        """The content of results.json as plain Python values."""
        tables: dict[str, Any] = {"schema": SCHEMA, "study": self.study}
        for name in TABLES:
            rows = [asdict(row) for row in getattr(self, name)]
            # Most studies have no locked plan, or keep to it: then there is no such table.
            if rows or name != "plan":
                tables[name] = rows
        return tables

    def to_json(self) -> str:
        """results.json: strict JSON (no NaN), full double precision."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=1) + "\n"

    def to_csv(self) -> str:
        """estimates.csv: the tidy estimates, spreadsheet formulas in text cells disarmed."""
        return rows_to_csv(self.estimates)

    def to_frame(self, table: str = "estimates") -> pandas.DataFrame:
        """One table as a pandas DataFrame."""
        import pandas

        kind = TABLES[table]
        return pandas.DataFrame([asdict(row) for row in getattr(self, table)], columns=[f.name for f in fields(kind)])

    @classmethod
    def from_dict(cls, tables: dict[str, Any]) -> Results:
        """Read back what :meth:`to_dict` wrote."""
        if tables.get("schema") != SCHEMA:
            raise ValueError(f"schema is {tables.get('schema')!r}, this version reads {SCHEMA!r}")
        tables = {"plan": [], **tables}
        rows = {name: tuple(kind(**row) for row in tables[name]) for name, kind in TABLES.items()}
        return cls(study=tables["study"], **rows)

    def _repr_html_(self) -> str:
        return str(self.to_frame().style.hide(axis="index").to_html())


TABLES: dict[str, Any] = {
    "sources": SourceRow,
    "flow": FlowRow,
    "groups": GroupRow,
    "distributions": DistributionRow,
    "estimates": EstimateRow,
    "residuals": ResidualRow,
    "decisions": DecisionRow,
    "warnings": WarningRow,
    "plan": PlanRow,
}


def rows_to_csv(rows: Sequence[EstimateRow]) -> str:
    """Rows as CSV text with Unix line ends; numbers in shortest form that reads back exactly."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [f.name for f in fields(EstimateRow)]
    writer.writerow(names)
    writer.writerows([_cell(getattr(row, name)) for name in names] for row in rows)
    return out.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    text = str(value)
    # A cell that a spreadsheet would run as a formula is disarmed by a leading apostrophe (OWASP, CSV injection).
    return "'" + text if isinstance(value, str) and text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


@dataclass(frozen=True, slots=True)
class Manifest:
    """What made a set of results: hashes, versions, seed, platform, command; relative paths only.

    ``outputs``: file beside the manifest -> SHA-256.  ``made``: what two runs of the same inputs may differ in.
    ``made["seal"]``: SHA-256 of everything else in it, so that an edited manifest is seen.
    """

    expeval: str
    command: str
    study_file: str
    hashes: dict[str, str]
    versions: dict[str, str]
    platform: dict[str, str]
    seed: int
    threads: int
    left_out: dict[str, int | None]
    made: dict[str, Any]
    outputs: dict[str, str] = field(default_factory=dict)
    schema: str = "expeval-manifest/1"

    def sealed(self, outputs: dict[str, str]) -> Manifest:
        """The same with the hashes of the files beside it, and its own."""
        complete = replace(self, outputs=outputs)
        return replace(complete, made={**self.made, "seal": seal_of(asdict(complete))})

    def to_json(self) -> str:
        """The content of manifest.json, keys sorted."""
        return json.dumps(asdict(self), ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True) + "\n"


def seal_of(manifest: dict[str, Any]) -> str:
    """SHA-256 of a manifest's content but for its seal."""
    made = {key: value for key, value in dict(manifest["made"]).items() if key != "seal"}
    return hash_of_json({**manifest, "made": made})


def hash_of_json(content: dict[str, Any]) -> str:
    """SHA-256 of plain values, however they were laid out; what no program of ours writes has a hash, too."""
    text = json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Names without repetition, first come first."""
    return tuple(dict.fromkeys(names))
