"""Which language the terminal speaks, and that nothing but the terminal depends on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from expeval.cli.ending import _sentence, refuse
from expeval.cli.language import Language, choose, language_of, spoken


def command(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "expeval", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        env=os.environ | {"LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"} | environment,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "ru"}, "ru"),
        ({"LANG": "ru_UA.koi8-u@x"}, "ru"),
        ({"LANG": "rue_UA.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "ru_RU.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "ru_RU.UTF-8", "LC_MESSAGES": "ru_RU.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_ALL": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": ""}, "ru"),
        ({"LANG": "en_US.UTF-8", "LC_NUMERIC": "ru_RU.UTF-8"}, "en"),
    ],
)
def test_the_environment_decides_as_in_other_programs(environment: dict[str, str], language: str) -> None:
    assert language_of(environment) == language


def test_what_was_chosen_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")
    assert spoken() == "ru"
    choose(Language.en)
    assert spoken() == "en"
    choose(None)
    assert spoken() == "ru"


def test_check_in_both_languages(study: Path) -> None:
    assert (
        "Ошибок нет.\nReading, экспериментальная группа: 48 обучающихся"
        in command("check", study, "--language", "ru").stdout
    )
    assert command("check", study, LC_ALL="ru_RU.UTF-8").stdout.startswith("Ошибок нет.\n")
    assert command("check", study, "--language", "en", LC_ALL="ru_RU.UTF-8").stdout.startswith("No faults.\n")
    refused = command("check", study, "--language", "de")
    assert (refused.returncode, refused.stdout) == (2, "")


def test_faults_in_both_languages(study: Path) -> None:
    study.write_text(study.read_text(encoding="utf-8").replace('"reading"', '"raeding"'), encoding="utf-8")
    said = command("run", study, "--language", "ru")
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith("1 ошибка; ничего не записано.\n- scores.csv, столбец «raeding»: такого столбца нет")
    russian, english = (
        json.loads(command("check", study, "--json", "--language", language).stdout)["faults"]
        for language in ("ru", "en")
    )
    assert "такого столбца нет" in russian[0].pop("message")
    assert "there is no such column" in english[0].pop("message")
    assert russian == english


def test_how_a_command_ends_is_told_in_the_language_of_the_terminal(study: Path) -> None:
    done = command("check", study.parent / "none.toml", LC_ALL="ru_RU.UTF-8")
    assert done.returncode == 2
    assert "такого файла исследования нет" in done.stderr


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        ("MemoryError()", "для этого не хватает памяти."),
        ("OSError(28, 'No space left on device', 'reports/x')", "reports/x: на диске нет места."),
        ("OSError(71, 'Protocol error', 'x')", "x: Protocol error."),
        ("ModuleNotFoundError('x', name='dask')", "нет пакета Python dask; установите его: pip install dask"),
        ("KeyError('Petrov')", "это ошибка в expeval (KeyError)"),
    ],
)
def test_the_last_sentence_in_russian(
    raised: str, told: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")
    assert refuse(_sentence(eval(raised))) == 2
    said = capsys.readouterr().err
    assert told in said
    assert "Petrov" not in said


def test_what_run_writes_depends_on_no_language(study: Path) -> None:
    assert command("run", study, "--out", "out/en").returncode == 0
    assert command("run", study, "--out", "out/ru", "--language", "ru", LC_ALL="ru_RU.UTF-8", LANG="ru").returncode == 0
    names, other = (
        {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        for folder in (Path("out/en"), Path("out/ru"))
    )
    assert {"report.html", "results.json", "estimates.csv"} < names
    assert names == other
    for name in names - {"manifest.json"}:
        assert Path("out/en", name).read_bytes() == Path("out/ru", name).read_bytes(), name
    one, two = (json.loads(Path("out", run, "manifest.json").read_text(encoding="utf-8")) for run in ("en", "ru"))
    del one["made"], two["made"]
    assert one == two
