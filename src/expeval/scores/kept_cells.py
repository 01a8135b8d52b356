"""Cells as JSON values and back: what the store keeps of a file's cells means the same when it is read again."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from expeval.scores.cells import ErrorCell, FormulaCell, LabelledCell, MissingCell, Value


def as_json(value: Value) -> Any:
    """A cell as a JSON value; the empty cell is ``None``."""
    if value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"number": repr(value)}
    if isinstance(value, LabelledCell):
        return {"label": value.label, "code": value.code}
    if isinstance(value, MissingCell):
        return {"missing": value.label, "code": value.code}
    if isinstance(value, ErrorCell):
        return {"error": value.text}
    if isinstance(value, FormulaCell):
        return {"formula": True}
    return _time_as_json(value)


def _time_as_json(value: dt.date | dt.time | dt.timedelta) -> Any:
    if isinstance(value, dt.timedelta):
        return {"duration": value.total_seconds()}
    name = "moment" if isinstance(value, dt.datetime) else "date" if isinstance(value, dt.date) else "time"
    return {name: value.isoformat()}


def from_json(kept: Any) -> Value:
    """The cell that a JSON value stands for."""
    if kept is None:
        return ""
    if isinstance(kept, int) and not isinstance(kept, bool):
        return float(kept)
    if not isinstance(kept, dict):
        return kept  # type: ignore[no-any-return]
    match kept:
        case {"number": text}:
            return float(text)
        case {"label": label, "code": code}:
            return LabelledCell(label, code)
        case {"missing": label, "code": code}:
            return MissingCell(label, code)
        case {"error": text}:
            return ErrorCell(text)
        case {"formula": _}:
            return FormulaCell()
        case {"duration": seconds}:
            return dt.timedelta(seconds=seconds)
        case {"moment": text}:
            return dt.datetime.fromisoformat(text)
        case {"date": text}:
            return dt.date.fromisoformat(text)
        case {"time": text}:
            return dt.time.fromisoformat(text)
    raise ValueError("no cell that expeval keeps")
