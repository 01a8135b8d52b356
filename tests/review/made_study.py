"""A study that was run, in a folder of its own, and ways to change what it was made from."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Cells = list[dict[str, str]]


@dataclass(frozen=True)
class Made:
    """The study's folder and what the run left beside it."""

    folder: Path
    out: Path

    @property
    def study(self) -> Path:
        return self.folder / "study.toml"

    @property
    def data(self) -> Path:
        return self.folder / "data.csv"

    def change(self, edit: Callable[[Cells], Cells]) -> None:
        """Edit the rows of the data."""
        with self.data.open(encoding="utf-8", newline="") as file:
            rows = edit(list(csv.DictReader(file)))
        with self.data.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def set(self, key: str, value: str) -> None:
        """Give a key of the [inference] table another value."""
        text = re.sub(rf"^{key} = .*\n", "", self.study.read_text(encoding="utf-8"), flags=re.M)
        self.study.write_text(text.replace("[inference]\n", f"[inference]\n{key} = {value}\n"), encoding="utf-8")
