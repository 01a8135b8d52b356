"""The tables of study.toml as frozen types, one class a table; names and meanings are the file's own.

Types are strict: ``"yes"`` is no truth value and ``"1"`` no row number.  Checks that look at two keys at once
are in :mod:`expeval.study.rules`; :func:`expeval.study.reading.read_study` runs both and tells every fault.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from encodings.aliases import aliases
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

from expeval.faults import nearest

Arm = Literal["experimental", "control"]
Kind = Literal["score", "ordinal", "binary"]
Unit = Literal["student", "class", "institution"]
Scalar = str | int | float


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may stand at a key, in the words of a message."""

    words: str


def _known_encoding(name: str) -> str:
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        found = None
    # Some codecs turn text into text or bytes into bytes (rot13, zip): no file of scores is written in them.
    if (
        found is None
        or not getattr(found, "_is_text_encoding", False)
        or found.name in ("idna", "punycode", "undefined")
    ):
        near = None if found else nearest(name, sorted({*aliases, *aliases.values()}))
        raise PydanticCustomError("not-allowed", "encoding", {"nearest": near})
    return name


def _one_character(sign: str) -> str:
    if len(sign) != 1 or sign in "\"'\r\n\0":
        raise PydanticCustomError("not-allowed", "delimiter")
    return sign


def _not_empty(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    # Not pydantic's min_length: that counts valid items only, and would tell a fault of an item twice.
    if not parts:
        raise PydanticCustomError("not-allowed", "empty list")
    return parts


Text = Annotated[str, StringConstraints(pattern=r"\S"), Allowed("a text that is not empty")]
ColumnName = Annotated[str, StringConstraints(pattern=r"\S"), Allowed("a column's name as text")]
Columns = Annotated[tuple[ColumnName, ...], Allowed('a list of column names, as in ["gender", "lunch"]')]
Flag = Annotated[bool, Allowed("true or false, without quotation marks")]
Row = Annotated[int, Field(ge=1), Allowed("a whole number, from 1, without quotation marks")]
HeaderRow = Annotated[
    Annotated[int, Field(ge=1)] | tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]],
    Allowed("a whole number, from 1, without quotation marks"),
]
Sheet = Annotated[
    Annotated[str, StringConstraints(pattern=r"\S")] | Annotated[int, Field(ge=1)],
    Allowed("a sheet's name as text, or its number from 1"),
]
Encoding = Annotated[str, AfterValidator(_known_encoding), Allowed('an encoding\'s name, as "utf-8" or "cp1251"')]
Delimiter = Annotated[str, AfterValidator(_one_character), Allowed('one character, as ";" or "\\t"')]
Decimal = Annotated[Literal[".", ","], Allowed("")]
Hidden = Annotated[Literal["keep", "drop"], Allowed("")]


class Table(BaseModel):
    """What all tables of study.toml share: no unknown keys, no coercion, no change once read."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _lists_are_tuples(cls, keys: Any) -> Any:
        # Strict types refuse a list where a tuple is declared, and TOML has lists only.
        return {key: _as_tuple(value) for key, value in keys.items()} if isinstance(keys, dict) else keys


def _as_tuple(value: Any) -> Any:
    return tuple(_as_tuple(part) for part in value) if isinstance(value, list) else value


class StudySection(Table):
    """``[study]``: what the study is called and asks."""

    title: Text
    question: Text | None = None
    authors: Annotated[tuple[Text, ...], Allowed("a list of names")] = ()
    stage: Literal["ascertaining", "formative", "control"] | None = None
    simulated: Flag = False


class FileEntry(Table):
    """A file of scores, or a glob of them; keys that are not given hold as ``[data]`` has them."""

    path: Annotated[str, StringConstraints(pattern=r"\S"), Allowed("a file's name as text")]
    encoding: Encoding | None = None
    delimiter: Delimiter | None = None
    decimal: Decimal | None = None
    sheet: Sheet | None = None
    header_row: HeaderRow | None = None
    last_row: Row | None = None
    hidden: Hidden | None = None

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, entry: Any) -> Any:
        return {"path": entry} if isinstance(entry, str) else entry


def _as_entries(value: Any) -> Any:
    return (value,) if isinstance(value, (str, dict, FileEntry)) else value


class WithFiles(Table):
    """A table whose keys may hold files: one name, one entry, or a list of them."""

    @model_validator(mode="before")
    @classmethod
    def _one_file_is_a_list(cls, keys: Any) -> Any:
        if not isinstance(keys, dict):
            return keys
        names = {"files", "institutions", "students"}
        return {key: _as_entries(value) if key in names else value for key, value in keys.items()}


Files = Annotated[tuple[FileEntry, ...], Allowed('a list of file names, as in ["scores.csv"]')]


class DataSection(WithFiles):
    """``[data]``: the files, the identifying columns, and what a file leaves open.

    ``students`` are further tables of one row a student, joined on ``student``: a column stands in the files of
    scores or in one of these.  Nothing of these keys but ``missing`` and ``duplicates`` holds for ``students`` and
    ``institutions``: their entries have keys of their own.
    """

    files: Files = ()
    store: Text | None = None
    institutions: Files = ()
    students: Files = ()
    student: ColumnName | None = None
    institution: ColumnName | None = None
    class_: ColumnName | None = Field(default=None, alias="class")
    cohort: ColumnName | None = None
    missing: Annotated[tuple[Scalar, ...], Allowed('a list of texts or numbers, as in ["NA", "-99"]')] = ()
    duplicates: Literal["refuse", "first"] = "refuse"
    encoding: Encoding | None = None
    delimiter: Delimiter | None = None
    decimal: Decimal | None = None
    sheet: Sheet | None = None
    header_row: HeaderRow | None = None
    last_row: Row | None = None
    hidden: Hidden | None = None

    def filled(self, entry: FileEntry) -> FileEntry:
        """Give the entry of a file of scores, with the keys of ``[data]`` where it has none of its own."""
        names = [name for name in FileEntry.model_fields if name != "path" and getattr(entry, name) is None]
        return entry.model_copy(update={name: getattr(self, name) for name in names})


class ArmFiles(WithFiles):
    """``experimental = { files = [...] }``: an arm that has files of its own."""

    files: Annotated[
        tuple[FileEntry, ...], AfterValidator(_not_empty), Allowed('a list of file names, as in ["scores.csv"]')
    ]


def _arm_form(value: Any) -> str:
    return "arm-files" if isinstance(value, (dict, ArmFiles)) else "arm-values"


ArmValues = tuple[Annotated[Scalar, Allowed("a value of the group column, as text or number")], ...]
ArmChoice = Annotated[
    Annotated[ArmFiles, Tag("arm-files")] | Annotated[ArmValues, AfterValidator(_not_empty), Tag("arm-values")],
    Discriminator(_arm_form),
    Allowed('a value or a list of values of the group column, as in ["small"], or { files = ["experimental.xlsx"] }'),
]


class GroupsSection(Table):
    """``[groups]``: which rows are which arm, and whose units were put into the arms.

    ``experimental`` and ``control`` are empty where the outcomes have the arms side by side.
    """

    column: ColumnName | None = None
    experimental: ArmChoice = ()
    control: ArmChoice = ()
    assigned: Unit
    randomised: Flag = False
    strata: ColumnName | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_value_is_a_list(cls, keys: Any) -> Any:
        if not isinstance(keys, dict):
            return keys
        arms = ("experimental", "control")
        return {
            key: (value,) if key in arms and not isinstance(value, (dict, list, tuple, ArmFiles)) else value
            for key, value in keys.items()
        }


class ArmColumns(Table):
    """``columns = { experimental = "ЭГ", control = "КГ" }``: a sheet with the arms side by side.

    Every cell is a student of that arm, and a row of the sheet one student of each.  The empty cells below the last
    filled one of an arm's columns are no students; an empty cell above it is a missing score.
    """

    experimental: ColumnName
    control: ColumnName


class Outcome(Table):
    """``[[outcomes]]``: one outcome; ``levels`` is empty for a score and never empty otherwise.

    It stands in one ``column``, or in two ``columns`` where the arms stand side by side; never in both.
    """

    name: Text
    column: ColumnName | None = None
    kind: Kind
    role: Literal["primary", "secondary"] = "primary"
    levels: Annotated[tuple[int | str, ...], Allowed("a list of whole numbers or texts, in rising order")] = ()
    range: Annotated[tuple[float, float], Allowed("a list of two numbers, as in [0, 100]")] | None = None
    baseline: ColumnName | None = None
    values: Annotated[
        dict[str, Annotated[Scalar, Allowed('a number, a level, or "missing"')]],
        Allowed('a table, as in { "5-" = 5, "зач" = "missing" }'),
    ] = {}
    domain: Text | None = None
    columns: ArmColumns | None = None

    @model_validator(mode="before")
    @classmethod
    def _binary_is_0_and_1(cls, keys: Any) -> Any:
        # Without levels a binary column is 0 and 1; any other value in it is then a fault of the data.
        bare = isinstance(keys, dict) and keys.get("kind") == "binary" and "levels" not in keys
        return {**keys, "levels": (0, 1)} if bare else keys

    def column_of(self, arm: Arm) -> str:
        """Give the column that holds the outcome of an arm."""
        if self.columns is None:
            return str(self.column)
        return self.columns.experimental if arm == "experimental" else self.columns.control


class Covariates(Table):
    """``[covariates]``: columns that enter the regressions, at their level."""

    student: Columns = ()
    institution: Columns = ()
    categories: Columns = ()
    moderators: Columns = ()


class Inference(Table):
    """``[inference]``: which analyses, at which confidence."""

    model: Literal["auto", "mixed", "ols", "fixed-effects"] = "auto"
    test: Literal["auto", "classical", "student", "welch", "mann-whitney", "brunner-munzel", "permutation"] = "auto"
    confidence: Annotated[float, Field(gt=0.5, lt=1), Allowed("a number above 0.5 and below 1; 95 % is 0.95")] = 0.95
    alternative: Literal["two-sided", "greater", "less"] = "two-sided"
    multiplicity: Literal["holm", "benjamini-hochberg", "hochberg", "none"] = "holm"
    missing_data: Literal["complete-case", "multiple-imputation"] = "complete-case"
    draws: Annotated[int, Field(ge=1, le=10_000_000), Allowed("a whole number from 1 to 10000000")] = 9999
    seed: Annotated[int, Field(ge=0, lt=2**63), Allowed("a whole number, 0 or above")] = 1


Look = Annotated[
    tuple[Scalar, ...], AfterValidator(_not_empty), Allowed('a list of cohort labels, as in ["2025", "2026"]')
]


class PlanSection(Table):
    """``[plan]``: what is planned beyond one analysis.

    ``looks`` are sets of cohorts, in order: whenever the data hold exactly one of them, this look was planned.
    """

    looks: Annotated[
        tuple[Look, ...],
        AfterValidator(_not_empty),
        Allowed('a list of lists of cohort labels, as in [["2025"], ["2025", "2026"]]'),
    ]


class Deviation(Table):
    """``[[deviations]]``: where the study leaves its locked plan, and why."""

    key: Text
    reason: Text


class Report(Table):
    """``[report]``: for whom the report is written."""

    language: Literal["en", "ru"] = "en"
    institutions: Literal["pseudonym", "name"] = "pseudonym"
    minimum_cell: Annotated[int, Field(ge=1, lt=2**31), Allowed("a whole number, from 1")] = 5


class Study(Table):
    """A study file as read; ``path`` is where it stands, relative file names start from its ``folder``."""

    study: StudySection
    data: DataSection = DataSection()
    groups: GroupsSection
    outcomes: Annotated[tuple[Outcome, ...], AfterValidator(_not_empty), Allowed("at least one table [[outcomes]]")]
    covariates: Covariates = Covariates()
    inference: Inference = Inference()
    plan: PlanSection | None = None
    deviations: tuple[Deviation, ...] = ()
    report: Report = Report()
    path: Path = Field(default=Path("study.toml"), exclude=True)

    @property
    def folder(self) -> Path:
        """The folder of the study file."""
        return self.path.parent

    @property
    def experimental_values(self) -> tuple[str, ...]:
        """Values of the group column in the experimental arm, as text; empty where the arm has its own files."""
        return _texts(self.groups.experimental)

    @property
    def control_values(self) -> tuple[str, ...]:
        """Values of the group column in the control arm, as text; empty where the arm has its own files."""
        return _texts(self.groups.control)

    @property
    def classes_alone(self) -> bool:
        """Whether classes are named and no institutions: they are the clusters then."""
        return self.data.institution is None and self.data.class_ is not None

    @property
    def side_by_side(self) -> bool:
        """Whether the arms stand side by side, each outcome in two columns."""
        return any(outcome.columns is not None for outcome in self.outcomes)

    @property
    def missing(self) -> tuple[str, ...]:
        """What stands for a missing value besides the empty cell, as text."""
        return tuple(text_of(value) for value in self.data.missing)

    @property
    def score_files(self) -> tuple[tuple[Arm | None, FileEntry], ...]:
        """The files of scores in order, each with its arm where arms have files of their own."""
        parts: list[tuple[Arm | None, FileEntry]] = [(None, entry) for entry in self.data.files]
        arms: tuple[tuple[Arm, Any], ...] = (
            ("experimental", self.groups.experimental),
            ("control", self.groups.control),
        )
        for arm, choice in arms:
            parts += [(arm, entry) for entry in choice.files] if isinstance(choice, ArmFiles) else []
        return tuple((arm, self.data.filled(entry)) for arm, entry in parts)

    def as_keys(self) -> dict[str, Any]:
        """Give the study as plain values under the keys of study.toml, defaults included.

        Of an absolute path the name alone: results go out, and the folders of a machine are nobody's business.
        """
        keys: dict[str, Any] = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        for place in ("data", "groups"):
            keys[place] = _without_folders(keys[place])
        if "://" in str(self.data.store):  # a database's address may hold a password
            keys["data"]["store"] = str(self.data.store).partition("://")[0] + "://"
        return keys


def _without_folders(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_folders(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_folders(part) for part in value]
    if isinstance(value, str) and (PurePosixPath(value).is_absolute() or PureWindowsPath(value).is_absolute()):
        return PureWindowsPath(value).name or PurePosixPath(value).name
    return value


def _texts(choice: ArmFiles | tuple[Scalar, ...]) -> tuple[str, ...]:
    return () if isinstance(choice, ArmFiles) else tuple(text_of(value) for value in choice)


def text_of(value: Scalar) -> str:
    """Write a value as its cell shows it: ``1`` and ``1.0`` are both ``"1"``."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
