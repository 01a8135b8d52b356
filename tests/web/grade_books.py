"""A study with everything that a teacher's file may have, a clean file for it, and a grade book that needs her."""

from __future__ import annotations

from pathlib import Path

from visits import Guest, Place, client_of, place_in

STUDY = """\
[study]
title = "Marks of a course"

[data]
store = "cohorts.db"
student = "code"
institution = "school"
class = "class"
missing = ["n/a"]

[groups]
column = "group"
experimental = ["new"]
control = ["old"]
assigned = "class"

[[outcomes]]
name = "Mark"
column = "mark"
kind = "ordinal"
levels = [2, 3, 4, 5]
baseline = "before"

[[outcomes]]
name = "Test"
column = "test"
kind = "score"
range = [0, 100]
role = "secondary"

[covariates]
student = ["gender"]
"""
WITH_COHORTS = STUDY.replace('class = "class"', 'class = "class"\ncohort = "year"')
HEAD = "code,class,group,mark,before,test,gender\n"
CLEAN = (HEAD + "s1,7A,new,5,4,51.5,m\ns2,7A,new,4,3,48,m\ns3,7B,old,3,3,,f\ns4,7B,old,5,n/a,60,f\n").encode()
GRADE_BOOK = """\
Журнал 7-х классов;;;;;;;
Шифр;ФИО;Класс;Группа;Оценка;До;Балл;Пол
и1;Иванов Иван;7А;эксп.;5-;4;51,5;м
и2;Петров Пётр;7А;эксп.;4;3;480;м
и3;Сидорова Анна;7Б;контр.;55;3;;ж
и4;Козлова Яна;7Б;контр.;н/а;3;60;ж
;Итого;;;4,2;;;
""".encode("cp1251")
THEIRS = {
    "code": "Шифр",
    "class": "Класс",
    "group": "Группа",
    "mark": "Оценка",
    "before": "До",
    "test": "Балл",
    "gender": "Пол",
}


class House:
    """The pages of a study, and who visits them."""

    def __init__(self, folder: Path, text: str = STUDY, **settings: object) -> None:
        self.place: Place = place_in(folder, text, **settings)
        self._client = client_of(self.place, raise_server_exceptions=True)
        self.client = self._client.__enter__()

    def teacher(self, institution: str = "School 7", language: str = "en") -> Guest:
        guest = Guest(self.client, language)
        assert guest.enter(self.place.link(institution)).path == "/"
        return guest

    def close(self) -> None:
        self._client.__exit__(None, None, None)
        self.place.store.close()
