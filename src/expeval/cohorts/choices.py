"""What a teacher chose about her file: sheet, header, columns, what her words stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from expeval.scores.roles import group_words
from expeval.scores.settings import Settings
from expeval.study.spec import Scalar, Study

NEITHER = "neither"  # a word of the group column that is neither arm's
MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Choices:
    """All choices; what is not chosen is found, remembered or asked.

    Attributes
    ----------
    columns
        The study's column -> the file's; ``None``: the file does not have it.
    words
        The study's column (of an outcome for its baseline too) -> the file's word -> what it stands for: of the
        group column ``experimental``, ``control`` or ``neither``, of an outcome a level, a number or ``missing``.
    """

    sheet: str | int | None = None
    header_row: int | tuple[int, int] | None = None
    last_row: int | None = None
    hidden: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    columns: Mapping[str, str | None] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, Scalar]] = field(default_factory=dict)

    def settings(self, study: Study) -> Settings:
        """As the readers of files take them."""
        return Settings(
            encoding=self.encoding,
            delimiter=self.delimiter,
            decimal=self.decimal,
            sheet=self.sheet,
            header_row=self.header_row,
            last_row=self.last_row,
            hidden=self.hidden,
            words=group_words(study),
        )

    def as_json(self) -> dict[str, Any]:
        """As the store keeps them."""
        return asdict(self) | {
            "columns": dict(self.columns),
            "words": {column: dict(words) for column, words in self.words.items()},
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Choices:
        """As they were kept."""
        header = kept.get("header_row")
        return cls(**{**kept, "header_row": tuple(header) if isinstance(header, list) else header})
