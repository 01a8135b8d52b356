"""What keys of study.toml must say together; each rule reads the keys as they stand, wrong ones beside right ones.

A rule looks only at values of the right type: a wrong type has its own fault already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, TypeGuard

from expeval.faults import Fault, nearest
from expeval.study.allowed import allowed_words
from expeval.study.positions import KeyPath, shown_value
from expeval.study.spec import text_of

Finding = tuple[KeyPath, Fault]
Keys = dict[str, Any]
ARMS = ("experimental", "control")
RESERVED = ("treatment", "(Intercept)")
COHORT = "cohort"  # what the indicators of cohorts are called


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


def side_by_side(keys: Keys) -> bool:
    """Whether an outcome has the arms side by side in two columns."""
    return any(isinstance(outcome.get("columns"), dict) and outcome["columns"] for outcome in outcomes(keys))


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
    data, groups = table(keys, "data"), table(keys, "groups")
    lists: list[tuple[KeyPath, Any, Keys]] = [(("data", "files"), data.get("files"), data)]
    lists += [(("groups", arm, "files"), groups[arm].get("files"), data) for arm in arm_files(groups)]
    lists += [(("data", name), data.get(name), {}) for name in ("students", "institutions")]
    entries: list[tuple[KeyPath, Keys]] = [(("data",), data)]
    for above, value, general in lists:
        for path, entry in _entries(above, value):
            if isinstance(entry, dict) and {"header_row", "last_row"} & set(entry):
                both = {key: entry.get(key, general.get(key)) for key in ("header_row", "last_row")}
                entries.append((path, {key: row for key, row in both.items() if row is not None}))
    for path, entry in entries:
        header, last = entry.get("header_row", 1), entry.get("last_row")
        if type(header) is int and type(last) is int and last <= header:
            yield (*path, "last_row"), Fault("last-row-first", found=shown_value(last), details={"header_row": header})


def _entries(path: KeyPath, value: Any) -> Iterator[tuple[KeyPath, Any]]:
    """The entries of a key that names files, one alone or a list, each with its path."""
    if isinstance(value, list):
        yield from (((*path, place), entry) for place, entry in enumerate(value))
    elif value is not None:
        yield path, value


def check_arms(keys: Keys) -> Iterator[Finding]:
    """A group column with values for each arm, or files for each arm; never both, never half."""
    groups = table(keys, "groups")
    arms = arm_files(groups)
    if side_by_side(keys):
        return
    if isinstance(keys.get("groups"), dict):
        for arm in ARMS:
            if arm not in groups:
                yield ("groups", arm), Fault("missing-key", allowed=allowed_words(("groups", arm)))
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
    if side_by_side(keys):
        return
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
    if data.get("students") and "student" not in data:
        found = shown_value(data["students"])
        yield ("data", "students"), Fault("needs-key", found=found, allowed="data.student")


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


# In a row of two students no further column belongs to one of them, and nobody knows who sits in which unit.
_ONE_STUDENT_A_ROW: tuple[KeyPath, ...] = (
    *(("data", key) for key in ("student", "institution", "class", "cohort", "students", "institutions")),
    *(("groups", key) for key in ("column", "experimental", "control", "strata")),
    *(("covariates", key) for key in ("student", "institution", "categories", "moderators")),
)


def check_side_by_side(keys: Keys) -> Iterator[Finding]:
    """Each outcome has its column; arms side by side have two, and nothing that needs one row a student."""
    found = outcomes(keys)
    if not side_by_side(keys):
        for place, outcome in enumerate(found):
            if isinstance(keys["outcomes"][place], dict) and not {"column", "columns"} & set(outcome):
                yield ("outcomes", place, "column"), Fault("missing-key", allowed="a column's name as text")
        return
    for path in _ONE_STUDENT_A_ROW:
        if (value := table(keys, str(path[0])).get(str(path[1]))) not in (None, [], {}):
            yield path, Fault("beside-columns", found=shown_value(value))
    for section, key, possible in (("groups", "assigned", ("student",)), ("inference", "model", ("auto", "ols"))):
        value = table(keys, section).get(key)
        if isinstance(value, str) and value in _UNITS_OR_MODELS and value not in possible:
            yield (section, key), Fault("beside-columns", found=shown_value(value))
    for place, outcome in enumerate(found):
        for key in ("column", "baseline"):
            if key in outcome:
                yield ("outcomes", place, key), Fault("beside-columns", found=shown_value(outcome[key]))
        if isinstance(keys["outcomes"][place], dict) and not {"column", "columns"} & set(outcome):
            allowed = 'a table, as in { experimental = "ЭГ", control = "КГ" }'
            yield ("outcomes", place, "columns"), Fault("missing-key", allowed=allowed)
    yield from _check_pairs(found)


_UNITS_OR_MODELS = ("student", "class", "institution", "auto", "ols", "mixed", "fixed-effects")


def _check_pairs(found: list[Keys]) -> Iterator[Finding]:
    """A column holds students of one arm."""
    pairs = [(place, table(outcome, "columns")) for place, outcome in enumerate(found)]
    experimental = {column for _, pair in pairs if (column := name_of(pair.get("experimental")))}
    for place, pair in pairs:
        if (column := name_of(pair.get("control"))) in experimental:
            fault = Fault(
                "column-two-roles", found=shown_value(column), details={"role": "a column of the experimental arm"}
            )
            yield ("outcomes", place, "columns", "control"), fault


def check_columns(keys: Keys) -> Iterator[Finding]:
    """No covariate bears a name of the model's own, and no column stands for two things at once."""
    covariates = [
        (("covariates", level, place), column)
        for level in ("student", "institution")
        for place, column in enumerate(_list(table(keys, "covariates").get(level)))
        if name_of(column)
    ]
    taken = dict(_columns_in_use(keys))
    has_cohorts = name_of(table(keys, "data").get("cohort")) not in (None, COHORT)
    for path, column in covariates:
        if column in RESERVED or (has_cohorts and column == COHORT):
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
    for section, key in (("groups", "column"), ("data", "student"), ("data", "cohort")):
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


_WHO_AND_WHERE = ("student", "institution", "class", "cohort")


def _check_identifiers(keys: Keys) -> Iterator[Finding]:
    data, groups = table(keys, "data"), table(keys, "groups")
    named = [(key, column) for key in _WHO_AND_WHERE if (column := name_of(data.get(key)))]
    counts = Counter(column for _, column in named)
    first = {column: key for key, column in reversed(named)}
    for key, column in named:
        if counts[column] > 1 and first[column] != key:
            details = {"role": f"data.{first[column]}"}
            yield ("data", key), Fault("column-two-roles", found=shown_value(column), details=details)
    for key in ("student", "cohort"):
        if (column := name_of(data.get(key))) and column == groups.get("column"):
            details = {"role": f"data.{key}"}
            yield ("groups", "column"), Fault("column-two-roles", found=shown_value(column), details=details)


def check_plan(keys: Keys) -> Iterator[Finding]:
    """No look is planned twice, no cohort stands twice in a look, no deviation is explained twice."""
    seen: set[tuple[str, ...]] = set()
    for place, look in enumerate(_list(table(keys, "plan").get("looks"))):
        labels = _values(_list(look))
        for position, label in enumerate(labels):
            if label in labels[:position]:
                yield ("plan", "looks", place, position), Fault("named-twice", found=shown_value(label))
        cohorts = tuple(sorted(set(labels)))
        if cohorts and cohorts in seen:
            yield ("plan", "looks", place), Fault("named-twice", found=shown_value(look))
        seen.add(cohorts)
    named: set[str] = set()
    for place, deviation in enumerate(_list(keys.get("deviations"))):
        key = name_of(deviation.get("key")) if isinstance(deviation, dict) else None
        if key in named:
            yield ("deviations", place, "key"), Fault("named-twice", found=shown_value(key))
        named |= {key} if key else set()


RULES: tuple[Callable[[Keys], Iterator[Finding]], ...] = (
    check_files,
    check_rows,
    check_arms,
    check_units,
    check_side_by_side,
    check_outcomes,
    check_columns,
    check_plan,
)
