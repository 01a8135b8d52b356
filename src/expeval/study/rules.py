"""What keys of study.toml must say together; each rule reads the keys as they stand, wrong ones beside right ones.

A rule looks only at values of the right type: a wrong type has its own fault already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, TypeGuard

from expeval.faults import Fault, nearest
from expeval.study.positions import KeyPath, shown_value
from expeval.study.spec import text_of

Finding = tuple[KeyPath, Fault]
Keys = dict[str, Any]
ARMS = ("experimental", "control")
RESERVED = ("treatment", "(Intercept)")


def table(keys: Keys, name: str) -> Keys:
    """Give a table of the file, empty where it is missing or no table."""
    found = keys.get(name)
    return found if isinstance(found, dict) else {}


def outcomes(keys: Keys) -> list[Keys]:
    """Give the tables ``[[outcomes]]``; what is no table counts as an empty one, so that places stay."""
    found = keys.get("outcomes")
    return [part if isinstance(part, dict) else {} for part in found] if isinstance(found, list) else []


def name_of(value: Any) -> str | None:
    """Give a text that is not empty, else ``None``."""
    return value if isinstance(value, str) and value.strip() else None


def arm_files(groups: Keys) -> list[str]:
    """Which arms have files of their own."""
    return [arm for arm in ARMS if isinstance(groups.get(arm), dict)]


def check_files(keys: Keys) -> Iterator[Finding]:
    """Scores come from data.files, or from files of each arm, or from the store; each file once."""
    data, groups = table(keys, "data"), table(keys, "groups")
    arms = arm_files(groups)
    if arms and data.get("files"):
        yield ("data", "files"), Fault("files-and-arms", found=shown_value(data["files"]))
    if not arms and "store" not in data and data.get("files", []) == []:
        yield ("data", "files"), Fault("missing-key", allowed='a list of file names, as in ["scores.csv"]')
    places: list[tuple[KeyPath, Any]] = [(("data", "files"), data.get("files"))]
    places += [(("groups", arm, "files"), groups[arm].get("files")) for arm in arms]
    seen: set[str] = set()
    for path, value in places:
        entries = value if isinstance(value, list) else [value]
        for place, entry in enumerate(entries):
            # Two sheets of one workbook are two entries with one path.
            same = shown_value([entry.get("path"), entry.get("sheet")] if isinstance(entry, dict) else [entry, None])
            if entry is not None and same in seen:
                yield (*path, place), Fault("file-named-twice", found=shown_value(entry))
            seen.add(same)


def check_rows(keys: Keys) -> Iterator[Finding]:
    """The last student stands below the header, in ``[data]`` and in each file that says so itself."""
    data = table(keys, "data")
    entries: list[tuple[KeyPath, Keys]] = [(("data",), data)]
    for place, entry in enumerate(_list(data.get("files"))):
        if isinstance(entry, dict) and {"header_row", "last_row"} & set(entry):
            both = {key: entry.get(key, data.get(key)) for key in ("header_row", "last_row")}
            entries.append((("data", "files", place), {key: row for key, row in both.items() if row is not None}))
    for path, entry in entries:
        header, last = entry.get("header_row", 1), entry.get("last_row")
        if type(header) is int and type(last) is int and last <= header:
            yield (*path, "last_row"), Fault("last-row-first", found=shown_value(last), details={"header_row": header})


def check_arms(keys: Keys) -> Iterator[Finding]:
    """A group column with values for each arm, or files for each arm; never both, never half."""
    groups = table(keys, "groups")
    arms = arm_files(groups)
    if len(arms) == 1:
        other = "control" if arms == ["experimental"] else "experimental"
        if other in groups:
            yield ("groups", other), Fault("arms-unlike", found=shown_value(groups[other]), details={"arm": arms[0]})
    if arms and "column" in groups:
        yield ("groups", "column"), Fault("column-and-arms", found=shown_value(groups["column"]))
    if groups and not arms and "column" not in groups:
        yield ("groups", "column"), Fault("missing-key", allowed="a column's name as text")
    experimental, control = (_values(groups.get(arm)) for arm in ARMS)
    for value in dict.fromkeys(control):
        if value in experimental:
            yield ("groups", "control"), Fault("value-in-both-arms", found=shown_value(value))


def _values(choice: Any) -> list[str]:
    parts = choice if isinstance(choice, list) else [choice]
    return [text_of(part) for part in parts if isinstance(part, (str, int, float)) and not isinstance(part, bool)]


def check_units(keys: Keys) -> Iterator[Finding]:
    """Assignment, models and institution covariates need the columns that say who belongs where."""
    data, groups = table(keys, "data"), table(keys, "groups")
    units = [unit for unit in ("institution", "class") if unit in data]
    assigned, model = groups.get("assigned"), table(keys, "inference").get("model")
    if (assigned == "institution" and "institution" not in units) or (assigned == "class" and not units):
        needed = "data.institution" if assigned == "institution" else "data.class or data.institution"
        yield ("groups", "assigned"), Fault("needs-key", found=shown_value(assigned), allowed=needed)
    if model in ("fixed-effects", "mixed") and not units:
        fault = Fault("needs-key", found=shown_value(model), allowed="data.institution or data.class")
        yield ("inference", "model"), fault
    if table(keys, "covariates").get("institution") and not units:
        found = shown_value(table(keys, "covariates")["institution"])
        yield ("covariates", "institution"), Fault("needs-key", found=found, allowed="data.institution")
    if data.get("institutions") and "institution" not in units:
        found = shown_value(data["institutions"])
        yield ("data", "institutions"), Fault("needs-key", found=found, allowed="data.institution")


def check_outcomes(keys: Keys) -> Iterator[Finding]:
    """Each outcome has a name of its own, and levels, range and values that fit its kind."""
    found = outcomes(keys)
    names: set[str] = set()
    for place, outcome in enumerate(found):
        name = name_of(outcome.get("name"))
        if name in names:
            yield ("outcomes", place, "name"), Fault("name-twice", found=shown_value(name))
        names |= {name} if name else set()
        for rule in (_check_levels, _check_range, _check_values):
            for key, fault in rule(outcome, keys):
                yield ("outcomes", place, *key), fault


def _check_levels(outcome: Keys, keys: Keys) -> Iterator[Finding]:
    kind, levels = outcome.get("kind"), outcome.get("levels")
    if kind == "ordinal" and levels is None:
        yield ("levels",), Fault("missing-key", allowed="a list of whole numbers or texts, in rising order")
    if kind not in ("score", "ordinal", "binary") or not _are_levels(levels):
        return
    shown = shown_value(levels)
    if kind == "score":
        yield ("levels",), Fault("levels-of-score", found=shown)
    elif len({type(level) for level in levels}) > 1:
        yield ("levels",), Fault("levels-mixed", found=shown)
    elif kind == "binary" and len(levels) != 2:
        yield ("levels",), Fault("levels-count", found=shown, allowed="exactly two levels, [0-value, 1-value]")
    elif len(levels) < 2:
        yield ("levels",), Fault("levels-count", found=shown, allowed="at least two levels")
    elif len(set(levels)) < len(levels):
        yield ("levels",), Fault("levels-twice", found=shown)
    elif kind == "ordinal" and isinstance(levels[0], int) and any(low > high for low, high in pairwise(levels)):
        yield ("levels",), Fault("levels-not-rising", found=shown, allowed=shown_value(sorted(levels)))


def _are_levels(levels: Any) -> TypeGuard[list[Any]]:
    return isinstance(levels, list) and all(type(level) in (int, str) for level in levels)


def _check_range(outcome: Keys, keys: Keys) -> Iterator[Finding]:
    limits = _limits(outcome)
    if limits is None:
        return
    if limits[0] >= limits[1]:
        yield ("range",), Fault("range-empty", found=shown_value(outcome["range"]))
    levels = outcome.get("levels", [0, 1])
    if outcome.get("kind") in ("ordinal", "binary") and _are_levels(levels):
        outside = [level for level in levels if isinstance(level, str) or not limits[0] <= level <= limits[1]]
        if outside:
            yield ("range",), Fault("range-of-levels", found=shown_value(outcome["range"]))


def _limits(outcome: Keys) -> tuple[float, float] | None:
    limits = outcome.get("range")
    if isinstance(limits, list) and len(limits) == 2 and all(type(limit) in (int, float) for limit in limits):
        return limits[0], limits[1]
    return None


def _check_values(outcome: Keys, keys: Keys) -> Iterator[Finding]:
    kind, values, limits = outcome.get("kind"), outcome.get("values"), _limits(outcome)
    levels = outcome.get("levels", [0, 1] if kind == "binary" else None)
    missing = _values(table(keys, "data").get("missing", []))
    for cell, value in values.items() if isinstance(values, dict) else ():
        if not cell.strip():
            yield ("values", cell), Fault("value-of-empty", found=shown_value(value))
        if cell in missing and value != "missing":
            yield ("values", cell), Fault("value-and-missing", found=shown_value(value))
        if value == "missing" or type(value) not in (str, int, float):
            continue
        if kind == "score" and isinstance(value, str):
            yield ("values", cell), Fault("not-allowed", found=shown_value(value), allowed='a number or "missing"')
        elif kind == "score" and limits and not limits[0] <= value <= limits[1]:
            allowed = f'a number in the range {shown_value(list(limits))}, or "missing"'
            yield ("values", cell), Fault("not-allowed", found=shown_value(value), allowed=allowed)
        elif kind in ("ordinal", "binary") and _are_levels(levels) and value not in levels:
            allowed = f'one of the levels {shown_value(levels)}, or "missing"'
            yield ("values", cell), Fault("not-allowed", found=shown_value(value), allowed=allowed)


def check_columns(keys: Keys) -> Iterator[Finding]:
    """No covariate bears a name of the model's own, and no column stands for two things at once."""
    covariates = [
        (("covariates", level, place), column)
        for level in ("student", "institution")
        for place, column in enumerate(_list(table(keys, "covariates").get(level)))
        if name_of(column)
    ]
    taken = dict(_columns_in_use(keys))
    for path, column in covariates:
        if column in RESERVED:
            yield path, Fault("reserved-name", found=shown_value(column))
        if column in taken:
            yield path, Fault("column-two-roles", found=shown_value(column), details={"role": taken[column]})
        taken.setdefault(column, "a covariate")
    yield from _check_baselines(keys)
    yield from _check_identifiers(keys)
    names = [column for _, column in covariates]
    for place, column in enumerate(_list(table(keys, "covariates").get("categories"))):
        if name_of(column) and column not in names:
            fault = Fault("no-such-covariate", found=shown_value(column), nearest=nearest(column, names))
            yield ("covariates", "categories", place), fault


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _columns_in_use(keys: Keys) -> Iterator[tuple[str, str]]:
    """Columns that can be no covariate, each with what it is."""
    for outcome in outcomes(keys):
        for key, role in (("baseline", "the baseline"), ("column", "the column")):
            if column := name_of(outcome.get(key)):
                yield column, f"{role} of an outcome"
    for section, key in (("groups", "column"), ("data", "student")):
        if column := name_of(table(keys, section).get(key)):
            yield column, f"{section}.{key}"


def _check_baselines(keys: Keys) -> Iterator[Finding]:
    groups = table(keys, "groups")
    for place, outcome in enumerate(outcomes(keys)):
        column, baseline = name_of(outcome.get("column")), name_of(outcome.get("baseline"))
        if baseline and baseline == column:
            details = {"role": "the column of the same outcome"}
            yield (
                ("outcomes", place, "baseline"),
                Fault("column-two-roles", found=shown_value(baseline), details=details),
            )
        if baseline in RESERVED:
            yield ("outcomes", place, "baseline"), Fault("reserved-name", found=shown_value(baseline))
        for key, own in (("column", column), ("baseline", baseline)):
            if own and own == groups.get("column"):
                fault = Fault("column-two-roles", found=shown_value(own), details={"role": "groups.column"})
                yield ("outcomes", place, key), fault


def _check_identifiers(keys: Keys) -> Iterator[Finding]:
    data, groups = table(keys, "data"), table(keys, "groups")
    named = [(key, column) for key in ("student", "institution", "class") if (column := name_of(data.get(key)))]
    counts = Counter(column for _, column in named)
    first = {column: key for key, column in reversed(named)}
    for key, column in named:
        if counts[column] > 1 and first[column] != key:
            details = {"role": f"data.{first[column]}"}
            yield ("data", key), Fault("column-two-roles", found=shown_value(column), details=details)
    if (student := name_of(data.get("student"))) and student == groups.get("column"):
        details = {"role": "data.student"}
        yield ("groups", "column"), Fault("column-two-roles", found=shown_value(student), details=details)


RULES: tuple[Callable[[Keys], Iterator[Finding]], ...] = (
    check_files,
    check_rows,
    check_arms,
    check_units,
    check_outcomes,
    check_columns,
)
