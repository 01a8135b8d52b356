"""Names and values as people write them."""

from __future__ import annotations

import pytest

from expeval.proposal.guess import Guess, assigned_unit, two_moments
from expeval.proposal.words import arm_of_word, ordered_levels, role_of, subject_of, words_of

ROLES = {
    "institution": ["Школа", "school_id", "Лицей", "ОУ", "код школы", "SchoolName", "Образовательная организация"],
    "class": ["Класс", "class", "классы", "classroom"],
    "group": ["Группа", "group", "arm", "ЭГ", "treatment", "Экспериментальная группа", "Гp."],
    "student": ["Код", "ID", "student", "Ученик", "№", "№ п/п", "pupil_id", "Шифр"],
    "person": ["ФИО", "Фамилия", "Ф.И.О.", "name", "Имя"],
    "baseline": ["pretest", "До", "reading_pre", "Входной контроль", "preTest", "Балл до"],
    "mark": ["Оценка", "оценка за год", "mark", "Отметка"],
    "outcome": ["Балл", "score", "posttest", "Итоговый тест", "После", "normexam", "Ср. балл", "math"],
    "gender": ["Пол", "gender", "sex"],
    "cohort": ["Год", "year", "cohort"],
    "about": ["school_type", "тип школы", "class size", "Примечание"],
    None: ["xyz", "Форма", "meal"],
}


@pytest.mark.parametrize(("role", "name"), [(role, name) for role, names in ROLES.items() for name in names])
def test_a_name_says_what_a_column_is(role: str | None, name: str):
    assert role_of(name) == role


@pytest.mark.parametrize("text", ["эксп", "Эксп.", "ЭГ", "experimental", "Экспериментальная группа", "treatment", "Э"])
def test_strong_words_of_the_experimental_arm(text: str):
    assert arm_of_word(text) == "experimental"


@pytest.mark.parametrize("text", ["контр", "Контр.", "КГ", "control", "Контрольная группа", "к", "ctrl"])
def test_strong_words_of_the_control_arm(text: str):
    assert arm_of_word(text) == "control"


@pytest.mark.parametrize(
    "text",
    [
        "new",
        "A",
        "small",
        "1",
        "Контрольная работа",
        "не эксп",
        "non-treatment",
        "эксп/контр",
        "regular",
        "",
        "К-21",
        "Э-21",
        "7к",
    ],
)
def test_anything_else_names_no_arm(text: str):
    assert arm_of_word(text) is None


def test_letters_of_the_other_alphabet_inside_a_word():
    assert words_of("Гpуппa") == ("группа",)


def test_what_is_measured_is_the_same_before_and_after():
    assert subject_of("reading_pre") == subject_of("Reading post") == ("reading",)
    assert subject_of("math_post") != subject_of("reading_pre")


def test_known_scales_and_no_others():
    assert ordered_levels(["высокий", "Низкий", "средний"]) == ["Низкий", "средний", "высокий"]
    assert ordered_levels(["да", "нет"]) == ["нет", "да"]
    assert ordered_levels(["so", "la"]) is None


def test_two_moments_by_their_numbers():
    assert two_moments(["Тест 2", "Тест 1"]) == ("Тест 1", "Тест 2")
    assert two_moments(["Тест 1", "Срез 2"]) is None


def codes(text: str):
    import numpy as np

    labels = sorted(set(text.split()))
    return np.array([labels.index(part) for part in text.split()], dtype=np.int64)


def unit(arms: str, schools: str | None, classes: str | None = None) -> Guess | None:
    return assigned_unit(codes(arms), codes(schools) if schools else None, codes(classes) if classes else None)


def test_the_assigned_unit_is_guessed_only_where_the_pattern_leaves_no_choice():
    pupils = "a " * 10 + "b " * 10
    assert unit("1 " * 10 + "0 " * 10, pupils).value == "institution"
    assert unit("1 0 " * 10, pupils).value == "student"
    assert not unit("1 0 " * 10, pupils).sure  # classes that nobody named may have been assigned
    assert unit("1 0 " * 10, None, pupils) == Guess("student", True, "both groups occur in one class")
    # One pupil a class: that no class is in both groups says nothing.
    assert unit("1 0 1 0", None, "a b c d") is None


def test_two_institutions_of_two_classes_leave_it_open():
    # All classes of one school in one arm: by chance in (1/2)^2 of four classes put into arms one by one.
    assert unit("1 " * 12 + "0 " * 12, "A " * 12 + "B " * 12, "w " * 6 + "x " * 6 + "y " * 6 + "z " * 6) is None


def test_one_class_an_institution_is_the_institution():
    assert unit("1 " * 12 + "0 " * 12, "A " * 12 + "B " * 12, "x " * 12 + "y " * 12).value == "institution"
