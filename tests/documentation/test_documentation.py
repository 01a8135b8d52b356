"""Every key, command, option, column, method, warning and fault is documented; every block in docs works."""

from __future__ import annotations

import ast
import csv
import importlib.util
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import get_args, get_origin

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
SOURCE = ROOT / "src" / "expeval"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def whole() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in PAGES)


def in_code(word: str, text: str) -> bool:
    """Whether the word stands, whole, between backticks of one line."""
    return bool(re.search(rf"`[^`\n]*(?<![\w-]){re.escape(word)}(?![\w-])[^`\n]*`", text))


def blocks(language: str) -> list:
    found = [
        (path.relative_to(DOCS).as_posix(), block)
        for path in PAGES
        for block in re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S)
    ]
    return [pytest.param(name, block, id=f"{name}-{i}") for i, (name, block) in enumerate(found)]


# --- the study file ---------------------------------------------------------------------------------------


def models(kind: object, seen: set[type]) -> Iterator[type]:
    """All tables of the study file, found through the types of their fields."""
    from pydantic import BaseModel

    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if kind not in seen:
            seen.add(kind)
            yield kind
            for field in kind.model_fields.values():
                yield from models(field.annotation, seen)
    elif get_origin(kind) is not None:
        for part in get_args(kind):
            yield from models(part, seen)


def study_fields() -> list[tuple[str, object]]:
    from expeval.study.spec import Study

    return [
        (field.alias or name, field.annotation)
        for model in models(Study, set())
        for name, field in model.model_fields.items()
        if not field.exclude
    ]


def test_every_key_of_the_study_file_is_documented():
    text = page("reference/study-file.md")
    assert [key for key, _ in study_fields() if not in_code(key, text)] == []


def literals(kind: object) -> Iterator[str]:
    for part in get_args(kind):
        if isinstance(part, str):
            yield part
        elif get_origin(part) is not None:
            yield from literals(part)


def test_every_value_of_a_key_is_documented():
    text = page("reference/study-file.md")
    values = {value for _, kind in study_fields() for value in literals(kind)}
    assert {value for value in values if f"`{value}`" not in text and not in_code(value, text)} == set()


def test_every_key_that_comes_later_is_named():
    from expeval.study.not_yet import NOT_YET

    text = page("reference/study-file.md").split("## Not yet")[1]
    assert [entry.key for entry in NOT_YET if not in_code(entry.key.rsplit(".", 1)[-1], text)] == []


@pytest.mark.parametrize(("name", "block"), blocks("toml"))
def test_study_files_in_the_docs_can_be_read(name, block, tmp_path):
    from expeval.study.reading import read_study

    path = tmp_path / "study.toml"
    path.write_text(block, encoding="utf-8")
    assert read_study(path).outcomes


# --- commands ---------------------------------------------------------------------------------------------


def test_every_command_and_option_is_documented():
    from typer.main import get_command

    from expeval.cli.app import application

    text = page("reference/commands.md")
    group = get_command(application())
    missing = [name for name in group.commands if f"`expeval {name} " not in text]
    for command in (group, *group.commands.values()):
        options = [option for parameter in command.params for option in parameter.opts if option.startswith("-")]
        missing += [f"{command.name} {option}" for option in options if not in_code(option, text)]
    assert missing == []


# --- the vocabulary of the results ------------------------------------------------------------------------


def test_every_column_of_every_table_is_documented():
    from expeval.glossary import COLUMNS
    from expeval.results import TABLES

    text = page("reference/results.md")
    written = {field.name for kind in TABLES.values() for field in fields(kind)}
    assert {name for name in written | set(TABLES) if not in_code(name, text)} == set()
    assert written <= set(COLUMNS)


def test_every_method_is_documented():
    from expeval.glossary import METHODS

    text = page("reference/results.md")
    assert [method for method in METHODS if not in_code(method, text)] == []


def warning_codes() -> set[str]:
    """The codes that the source writes: WarningRow(x, CODE), Notice(CODE), .warn(CODE), (CODE, words)."""
    codes = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            first = None
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "warn" and node.args:
                first = node.args[0]
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "WarningRow" and len(node.args) > 1:
                first = node.args[1]
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Notice" and node.args:
                first = node.args[0]
            elif path.name == "noticing.py" and isinstance(node, ast.Tuple) and len(node.elts) == 2:
                first, second = node.elts
                first = first if isinstance(second, ast.Constant | ast.JoinedStr) else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value not in ARMS:
                codes.add(first.value)
    return codes


ARMS = ("experimental", "control")


def test_every_warning_is_documented():
    codes = warning_codes()
    assert len(codes) > 15
    assert {code for code in codes if not in_code(code, page("reference/results.md"))} == set()


def test_every_fault_is_documented():
    from expeval.fault_codes import titles

    text = page("reference/faults.md")
    assert [code for code, _ in titles() if not in_code(code, text)] == []


def make_reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_reference", DOCS / "make_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["faults.md", "vocabulary.md"])
def test_generated_pages_are_up_to_date(name):
    assert make_reference().PAGES[name]() == page(f"reference/{name}"), "run: python docs/make_reference.py"


# --- what the docs say is what a run does -----------------------------------------------------------------


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory):
    """The tutorial, followed: its CSV, its first study file, its Python."""
    import expeval

    folder = tmp_path_factory.mktemp("fractions")
    text = page("tutorial.md")
    for name, language in (("scores.csv", "csv"), ("study.toml", "toml")):
        block = re.search(rf"^```{language}\n(.*?)^```", text, re.M | re.S).group(1)
        (folder / name).write_text(block, encoding="utf-8")
    return expeval.run(folder / "study.toml", out=folder / "out"), folder


def test_the_tutorial_gives_the_row_that_it_promises(tutorial):
    results, folder = tutorial
    promised = re.search(r"the answer is the row `([a-z0-9-]+)`", page("tutorial.md")).group(1)
    assert results.primary("Fractions").method == promised
    for name in ("report.html", "results.json", "estimates.csv", "manifest.json", "figures"):
        assert (folder / "out" / name).exists()


@pytest.mark.parametrize(("name", "block"), blocks("python"))
def test_python_in_the_docs_runs(name, block, tutorial, monkeypatch):
    monkeypatch.chdir(tutorial[1])
    exec(compile(block, name, "exec"), {})


def test_all_that_a_run_writes_is_documented(tutorial):
    results, _ = tutorial
    text = page("reference/results.md")
    names = {row.analysis for row in results.estimates} | {row.step for row in results.decisions}
    names |= {row.method for row in results.estimates if row.analysis != "second-opinion"}
    assert {name for name in names if not in_code(name, text)} == set()
    for row in results.estimates:
        if row.analysis == "second-opinion":
            library, method = row.method.split("-", 1)
            assert f"`{library}-METHOD`" in text
            assert in_code(method, page("decisions/second-opinion.md"))


def r_rows(name: str) -> dict[tuple[str, str, str], float]:
    path = ROOT / "tests" / "analysis" / "second_opinion" / f"{name}-r.csv"
    with path.open(encoding="utf-8") as file:
        return {(row["method"], row["term"], row["field"]): float(row["value"]) for row in csv.DictReader(file)}


def test_the_worked_example_is_what_r_says():
    """Every figure of the sleep example, from R's rows; and step 3 by hand."""
    text = re.search(r"### Small: (.*?)### Large", page("explanation/choosing-the-test.md"), re.S).group(1)
    r = r_rows("sleep")
    figures = {f"{r['shapiro-wilk', arm, field]:.3f}"[1:] for arm in ARMS for field in ("statistic", "p_value")} | {
        f"{r['brown-forsythe', 'groups', 'statistic']:.3f}",
        f"{r['student', 'difference', 'std_error']:.3f}",
        f"{r['student', 'difference', 'statistic']:.3f}",
        f"{r['student', 'difference', 'conf_low']:.2f}".replace("-", "−"),
        f"{r['student', 'difference', 'conf_high']:.2f}",
        f"t({r['welch', 'difference', 'df']:.2f})",
        f"p = {r['mann-whitney', 'difference', 'p_value']:.3f}".replace("0.", "."),
        f"p = {r['brunner-munzel', 'difference', 'p_value']:.3f}".replace("0.", "."),
    }
    assert {figure for figure in figures if figure not in text} == set()
    arms = [
        [float(number) for number in re.findall(r"-?\d+\.\d", listed.replace("−", "-"))]
        for listed in re.findall(r"(?:Experimental|Control): ([^a-z]*)\.\s", text)
    ]
    assert [len(arm) for arm in arms] == [10, 10]
    means = [sum(arm) / 10 for arm in arms]
    pooled = sum((value - mean) ** 2 for arm, mean in zip(arms, means, strict=True) for value in arm) / 18
    assert (means[0] - means[1]) / (pooled / 5) ** 0.5 == pytest.approx(r["student", "difference", "statistic"])


# --- the pages themselves ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#\s]*)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if target and "://" not in target:
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_anchors_are_headings(path):
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#([^)]+)\)", path.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        text = ((path.parent / target) if target else path).read_text(encoding="utf-8")
        headings = [re.sub(r"[^\w\- ]", "", line.lower()).strip().replace(" ", "-") for line in HEADING.findall(text)]
        assert anchor in headings


HEADING = re.compile(r"^#+ (.*)$", re.M)


def test_every_page_is_reached_from_the_index():
    index = page("index.md") + page("reference/results.md")
    assert [path.name for path in PAGES if path.name != "index.md" and path.name not in index] == []
