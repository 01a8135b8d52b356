"""Two groups with R's numbers, and small random arms for the theorems."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FloatArray = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class TwoGroups:
    """A case of two_groups_by_r.json; its provenance stands in that file."""

    name: str
    confidence: float
    experimental: FloatArray
    control: FloatArray
    rows: list[tuple[str, str, str, float, float]]

    def differences(self, method: str, answer: object, term: str = "difference") -> list[str]:
        """What of R's row the answer does not meet, field by field; the rule of the reference sets."""
        rows = [row for row in self.rows if row[:2] == [method, term]]
        error = next((value for *_, field, value, _ in rows if field == "std_error"), 0.0)
        wrong = []
        for *_, field, truth, rtol in rows:
            value = getattr(answer, field)
            tolerance = rtol * max(abs(truth), error) + 1e-12
            if field == "p_value":
                tolerance = max(100 * rtol * abs(truth), 1e-9)
            if value is None or not abs(value - truth) <= tolerance:
                wrong.append(f"{method} / {term} {field}: {value!r}, R {truth!r}")
        return wrong

    def has(self, method: str, field: str, term: str = "difference") -> bool:
        return any(row[:3] == [method, term, field] for row in self.rows)


def _cases() -> list[TwoGroups]:
    stored = json.loads((Path(__file__).parent / "two_groups_by_r.json").read_text(encoding="utf-8"))
    return [
        TwoGroups(
            case["name"],
            case["confidence"],
            np.array(case["experimental"], dtype=float),
            np.array(case["control"], dtype=float),
            case["rows"],
        )
        for case in stored["cases"]
    ]


CASES = _cases()


@pytest.fixture(params=CASES, ids=[case.name for case in CASES])
def by_r(request: pytest.FixtureRequest) -> TwoGroups:
    """Each case in turn."""
    case: TwoGroups = request.param
    return case


@pytest.fixture(scope="session")
def case_named() -> Callable[[str], TwoGroups]:
    """One case by its name."""
    return lambda name: next(case for case in CASES if case.name == name)
