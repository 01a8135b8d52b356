"""``expeval cohorts`` and ``expeval invite`` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from expeval.cli.cohorts_command import cohorts
from expeval.cli.invite_command import invite
from expeval.cohorts.invitations import NoSuchLink, follow


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer(rich_markup_mode=None)
    app.add_typer(cohorts, name="cohorts")
    app.command("invite")(invite)
    return app


def call(app: typer.Typer, *arguments: object, text: str | None = None) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(map(str, arguments)), input=text)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def test_list_show_export_withdraw_erase(house, app: typer.Typer) -> None:
    study = house.folder / "study.toml"
    assert call(app, "cohorts", study, "list") == (0, "No uploads.\n", "")
    receipt = house.send()
    house.other("School 8").send()
    code, out, _ = call(app, "cohorts", study, "list")
    assert code == 0
    assert [line.split(",")[0] for line in out.splitlines()] == ["2. School 8: confirmed", "1. School 7: confirmed"]
    found = json.loads(call(app, "cohorts", study, "list", "--json")[1])
    assert [(one["number"], one["students"], one["state"]) for one in found["uploads"]] == [
        (2, 4, "confirmed"),
        (1, 4, "confirmed"),
    ]
    code, out, _ = call(app, "cohorts", study, "show", 1)
    assert receipt.content_hash in out
    assert json.loads(call(app, "cohorts", study, "show", 1, "--json")[1])["events"][-1]["kind"] == "confirmed"
    out = call(app, "cohorts", study, "export")[1]
    assert len(out.splitlines()) == 9
    assert "Ivanov" not in out
    code, said, _ = call(app, "cohorts", study, "export", "--out", house.folder / "rows.csv")
    assert (house.folder / "rows.csv").read_text(encoding="utf-8") == out
    assert "8 rows of 2 uploads" in said
    assert call(app, "cohorts", study, "withdraw", 2)[0] == 0
    assert len(call(app, "cohorts", study, "export")[1].splitlines()) == 5
    code, said, _ = call(app, "cohorts", study, "erase", "--institution", "School 7", text="Ivanov\n")
    assert code == 0, said
    assert "Erased: rows 1, uploads 1" in said
    assert "Ivanov" not in said
    assert len(call(app, "cohorts", study, "export")[1].splitlines()) == 4
    assert "students: 4, rows erased since: 1" in call(app, "cohorts", study, "list")[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", 99), "There is no upload number 99."),
        (("withdraw", 99), "There is no upload number 99."),
        (("erase", "--institution", "School 7", "--student", "nobody"), "No upload of this institution"),
        (("erase", "--institution", "School 99", "--student", "nobody"), "no such institution"),
    ],
)
def test_what_can_t_be_done_is_one_sentence(house, app: typer.Typer, arguments: tuple[object, ...], said: str) -> None:
    house.send()
    code, out, err = call(app, "cohorts", house.folder / "study.toml", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1


def test_without_a_store_it_says_so(tmp_path: Path, app: typer.Typer, house) -> None:
    study = tmp_path / "study.toml"
    text = study.read_text(encoding="utf-8")
    study.write_text(text.replace('store = "cohorts.db"', 'store = "nowhere/other.db"'), encoding="utf-8")
    code, _, err = call(app, "cohorts", study, "list")
    assert (code, "there is no such file" in err) == (2, True)
    study.write_text(text.replace('store = "cohorts.db"', 'files = ["a.csv"]'), encoding="utf-8")
    code, _, err = call(app, "cohorts", study, "list")
    assert (code, "there is no store" in err) == (2, True)
    study.write_text(text.replace("[study]", "[studdy]"), encoding="utf-8")
    assert call(app, "cohorts", study, "list")[0] == 2


def test_an_invitation_is_printed_once(house, app: typer.Typer) -> None:
    study = house.folder / "study.toml"
    code, out, err = call(app, "invite", study, "--institution", "School 7", "--name", "Anna")
    assert code == 0, err
    token = out.splitlines()[1].rsplit("/", 1)[1]
    assert follow(house.store, token).institution == "School 7"
    code, out, _ = call(
        app, "invite", study, "--coordinator", "--name", "Head", "--json", "--address", "https://x.org/"
    )
    link = json.loads(out)["link"]
    assert link.startswith("https://x.org/i/")
    assert follow(house.store, link.rsplit("/", 1)[1]).role == "coordinator"
    assert call(app, "invite", study, "--revoke", 1)[0] == 0
    with pytest.raises(NoSuchLink):
        follow(house.store, token)
    for arguments in (
        ["--name", "Anna"],
        ["--institution", "S"],
        ["--coordinator", "--institution", "S", "--name", "A"],
    ):
        code, _, err = call(app, "invite", study, *arguments)
        assert (code, "--name" in err) == (2, True)


def test_an_invitation_makes_the_store_and_its_key(tmp_path: Path, app: typer.Typer, house) -> None:
    study = tmp_path / "study.toml"
    study.write_text(study.read_text(encoding="utf-8").replace("cohorts.db", "new/uploads.db"), encoding="utf-8")
    assert call(app, "invite", study, "--institution", "School 7", "--name", "Anna")[0] == 0
    assert (tmp_path / "new" / "uploads.db").exists()
    assert (tmp_path / "new" / "uploads.db.key").exists()
