"""Texts that are numbers, and texts that are none."""

from __future__ import annotations

import math

import pytest

from expeval.scores.cells import gather
from expeval.scores.dialect import detect_decimal
from expeval.scores.numbers import Kind, read_text, read_value
from expeval.scores.typed import Levels, MissingValues, label_of

NBSP, NARROW = "\u00a0", "\u202f"


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("5", None, 5),
        (" 5 ", None, 5),
        (f"5{NBSP}", None, 5),
        ("\u200b44\ufeff", None, 44),
        ("4\u200b4", None, 44),
        ("５７", None, 57),
        ("+4.5", ".", 4.5),
        ("-4,5", ",", -4.5),
        ("−3", None, -3),
        (".5", ".", 0.5),
        ("5,", ",", 5),
        ("1e3", None, 1000),
        ("2.5E-1", ".", 0.25),
        ("1 234,5", ",", 1234.5),
        (f"1{NBSP}234{NBSP}567,5", ",", 1234567.5),
        (f"1{NARROW}234.5", ".", 1234.5),
        ("1.234", ".", 1.234),
        ("1.234", ",", 1234),
        ("1,234", ",", 1.234),
        ("1,234", ".", 1234),
        ("1.234.567", ",", 1234567),
        ("1.234,5", None, 1234.5),
        ("1,234.5", None, 1234.5),
        ("4.15", ",", 4.15),  # no thousand: the sign that was typed
        ("007", None, 7),
        ("9007199254740992", None, 2**53),
    ],
)
def test_a_number(text: str, decimal: str | None, number: float) -> None:
    reading = read_text(text, decimal)
    assert (reading.kind, reading.number) == (Kind.NUMBER, number)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", Kind.EMPTY),
        (NBSP, Kind.EMPTY),
        ("5-", Kind.TEXT),
        ("4+", Kind.TEXT),
        ("NA", Kind.TEXT),
        ("nan", Kind.TEXT),
        ("1_000", Kind.TEXT),
        ("0x10", Kind.TEXT),
        ("5²", Kind.TEXT),
        ("½", Kind.TEXT),
        ("1 2", Kind.TEXT),
        ("12 34", Kind.TEXT),
        ("5 %", Kind.TEXT),
        ("1.2.3", Kind.TEXT),
        ("-", Kind.TEXT),
        (".", Kind.TEXT),
        ("٥", Kind.TEXT),
        ("inf", Kind.NOT_FINITE),
        ("-Infinity", Kind.NOT_FINITE),
        ("1e999", Kind.NOT_FINITE),
        ("9007199254740993", Kind.TOO_LARGE),
        ("-99999999999999999999", Kind.TOO_LARGE),
        ("#DIV/0!", Kind.ERROR),
        ("#Н/Д", Kind.ERROR),
        ("2026-05-04", Kind.DATE),
        ("04.05.2026", Kind.DATE),
        ("04.05.26", Kind.DATE),
        ("4-May", Kind.DATE),
        ("04.май", Kind.DATE),
        ("дек.03", Kind.DATE),
        ("марка-3", Kind.TEXT),
        ("99.99.2026", Kind.TEXT),
    ],
)
def test_no_number(text: str, kind: Kind) -> None:
    reading = read_text(text, None)
    assert reading.kind is kind
    assert math.isnan(reading.number)


def test_numbers_of_a_sheet() -> None:
    assert read_value(1e300, None).number == 1e300
    assert read_value(float("inf"), None).kind is Kind.NOT_FINITE
    assert read_value(9007199254740994.0, None).kind is Kind.TOO_LARGE
    assert read_value(True, None).kind is Kind.TEXT


@pytest.mark.parametrize(
    ("texts", "point_seen", "delimiter", "sign", "asked"),
    [
        (["4,5", "3"], False, ";", ",", ""),
        (["4.5", "3"], False, ",", ".", ""),
        (["3", "4"], False, ",", None, ""),
        (["4,5", "3,5", "4.5"], False, ";", None, "4.5"),
        (["4,5"], True, ",", None, "4,5"),
        (["4,5", "1.234"], False, ";", ",", "1.234"),
        (["4,5", "1.234", "1.234,5"], False, ";", ",", ""),
        (["4.5", "1,234"], False, ",", ".", "1,234"),
        (["1.234"], False, ";", None, "1.234"),
        (["1.234"], False, ",", ".", ""),
        (["1,234"], False, ";", ",", ""),
        (["1,234"], False, ",", None, "1,234"),
        (["0.234"], False, ";", ".", ""),
        (["1234.567"], False, ";", ".", ""),
    ],
)
def test_the_decimal_sign(texts: list[str], point_seen: bool, delimiter: str, sign: str | None, asked: str) -> None:
    found = detect_decimal(texts, point_seen, delimiter)
    assert (found.sign, sorted(found.asked)) == (sign, [asked] if asked else [])


def test_missing_values_hold_as_text_and_as_number() -> None:
    missing = MissingValues.of(["-99", "н/а", " NA "])
    assert missing.numbers == {-99.0}
    assert {"-99", "н/а", "NA"} == missing.texts


def test_levels() -> None:
    assert Levels.of([2, 3, 4, 5], binary=False).by_number == {2: 2, 3: 3, 4: 4, 5: 5}
    assert Levels.of(["low", "mid", "high"], binary=False).by_text == {"low": 1, "mid": 2, "high": 3}
    assert Levels.of(["5", "6"], binary=True).by_number == {5: 0, 6: 1}
    assert Levels.of(["no", "yes"], binary=True).by_text == {"no": 0, "yes": 1}


def test_labels_are_one_label_however_they_are_stored() -> None:
    assert {label_of(value) for value in (63.0, "63", "63.0", " 63 ", f"63{NBSP}")} == {"63"}
    assert label_of("007") == "007"
    assert label_of("1.10") == "1.10"
    assert label_of("Школа  № 5\n") == "Школа № 5"


def test_equal_values_of_different_types_stay_apart() -> None:
    assert gather([1.0, "1", True, 1.0]).values == (1.0, "1", True)


@pytest.mark.parametrize("text", ["12345678901234567890.25", "9007199254740993.5", "9 007 199 254 740 993", "1.0e3"])
def test_what_stands_before_the_decimal_sign_is_exact_or_refused(text: str) -> None:
    assert read_text(text, ".").kind is (Kind.NUMBER if text == "1.0e3" else Kind.TOO_LARGE)


def test_signs_without_a_shape_are_an_empty_cell() -> None:
    assert read_text("\u200b \u200e", None).kind is Kind.EMPTY


@pytest.mark.parametrize("delimiter", ["\t", "|", None])
def test_a_tab_does_not_tell_whether_a_point_sets_off_thousands(delimiter: str | None) -> None:
    assert detect_decimal(["1.234", "2.345"], False, delimiter).asked == {"1.234", "2.345"}
    assert detect_decimal(["1.234", "2.345"], False, ",").sign == "."
