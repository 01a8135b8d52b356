"""One table through every dialect comes back the same; what a text file leaves open is found."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expeval.scores.cells import distinct
from expeval.scores.delimited import DelimitedFile
from expeval.scores.dialect import Decoded, broken_lines, decode, detect_delimiter, unlikeliness
from expeval.scores.settings import Request, Settings, Unreadable
from expeval.scores.typed import MissingValues, label_of, read_scores_column

RUSSIAN = st.sampled_from(
    ["7 А", "Лицей 5", "ёлка", "м", "обычная; вторая", 'сказал "да"', "a,b", "x|y", "две\nстроки"]
)
TABLES = st.lists(
    st.tuples(RUSSIAN, st.none() | st.decimals(-10_000, 10_000, places=2)), min_size=3, max_size=12
).filter(lambda rows: any(value is not None for _, value in rows))
WANTED = ("Код", "Группа", "Балл за работу")


def shown(value: Decimal | None, decimal: str, thousands: str) -> str:
    if value is None:
        return ""
    whole, _, part = str(abs(value)).partition(".")
    return ("-" if value < 0 else "") + f"{int(whole):,}".replace(",", thousands) + decimal + part


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=TABLES,
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    decimal=st.sampled_from([".", ","]),
    thousands=st.sampled_from(["", " ", "\u00a0"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1251", "koi8-r"]),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_every_dialect_gives_the_same_table(rows, delimiter, decimal, thousands, encoding, ending, quoting) -> None:
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, lineterminator="\n", quoting=quoting)
    writer.writerow(WANTED)
    writer.writerows([f"у{i}", label, shown(value, decimal, thousands)] for i, (label, value) in enumerate(rows))
    data = written.getvalue().replace("\n", ending).encode(encoding)

    file = DelimitedFile(data, Settings(), WANTED, "scores.csv")
    assert file.delimiter == delimiter
    request = Request(1, 3, {name: i for i, name in enumerate(WANTED)}, (WANTED[2],), ())
    sheet, faults = file.read(request)
    assert faults == []
    # The row of a record is the line on which it begins.
    lines = 2 + np.cumsum([0, *(1 + label.count("\n") for label, _ in rows[:-1])])
    assert sheet.rows.tolist() == lines.tolist()
    sheet.decimal = decimal
    numbers = read_scores_column(sheet, WANTED[2], MissingValues.of([]), {}).values
    expected = [np.nan if value is None else float(value) for _, value in rows]
    np.testing.assert_array_equal(numbers, expected)
    cells = distinct(sheet.columns["Группа"])
    assert [label_of(cells.values[code]) for code in cells.codes] == [" ".join(label.split()) for label, _ in rows]


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "mac-cyrillic", "cp866"])
def test_a_cyrillic_encoding_is_found_by_the_studys_words_or_by_its_own(encoding: str) -> None:
    text = "Код;Группа;Балл\n1;эксп;5\n2;контр;4\n"
    decoded = decode(text.encode(encoding), None, ("Код", "Группа"))
    assert decoded is not None
    assert (decoded.text, decoded.unclear) == (text, ())
    longer = "id;arm;score;Имя\n1;a;5;Свиристелев Глеб\n2;b;4;Зимородкова Ясна\n3;a;3;Щеглов Юрий\n"
    decoded = decode(longer.encode(encoding), None, ("id", "arm"))
    assert decoded is not None
    assert (decoded.text, decoded.unclear) == (longer, ())


WORDS = ["Зина", "Иван", "Роман", "Юля", "Катя", "Кот", "Школа", "Шура", "Щукин", "мужская", "Лицей", "Да", "Хор"]


@pytest.mark.parametrize("word", WORDS)
def test_one_cyrillic_word_in_cp1251_is_enough(word: str) -> None:
    # In mac-cyrillic these read as "«ина", "»ван", "–оман", "ёл€", ...: symbols and cases that no word has.
    text = f"student,arm,score,note\ns1,new,5,{word}\ns2,old,4,\n"
    decoded = decode(text.encode("cp1251"), None, ("student", "arm", "score"))
    assert decoded is not None
    assert (decoded.text, decoded.encoding, decoded.unclear) == (text, "cp1251", ())


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("encoding", ["koi8-r", "mac-cyrillic", "cp866"])
def test_one_cyrillic_word_in_another_encoding_is_read_or_asked_about(word: str, encoding: str) -> None:
    text = f"student,arm,score,note\ns1,new,5,{word}\ns2,old,4,\n"
    decoded = decode(text.encode(encoding), None, ("student", "arm", "score"))
    assert decoded is not None
    if decoded.unclear:
        assert text in {text.encode(encoding).decode(name) for name in decoded.unclear}
    else:
        assert decoded.text == text


def test_two_readings_that_are_both_words_are_asked_about() -> None:
    # "Яна" and "яна", "м" and "Л".
    for word, both in (("Яна", {"cp1251", "mac-cyrillic"}), ("м", {"cp1251", "koi8-r"})):
        decoded = decode(f"a,b\n1,{word}\n".encode("cp1251"), None, ("a",))
        assert decoded is not None
        assert both <= set(decoded.unclear)


@pytest.mark.parametrize("word", ["«Новая школа»", "„Лицей“", "Д’Артаньян", "№", "–", "ВУЗ", "Иван\u00a0Петров…"])
def test_signs_where_they_belong_are_not_unlikely(word: str) -> None:
    assert unlikeliness(f"a;{word};b") == 0


@pytest.mark.parametrize("word", ["«ина", "»ван", "–оман", "мужска€", "Ўура", "\u00a0от", "ДЮа", "«"])
def test_signs_and_cases_of_a_wrong_encoding_are_unlikely(word: str) -> None:
    assert unlikeliness(f"a;{word};b") == 1


def test_western_letters_are_no_cyrillic() -> None:
    text = "student,arm,école\n1,a,Lycée Molière\n2,b,Collège Zürich\n"
    decoded = decode(text.encode("cp1252"), None, ("student", "arm"))
    assert decoded is not None
    assert (decoded.text, decoded.encoding) == (text, "cp1252")


def test_an_encoding_that_the_study_names_wins_or_is_refused() -> None:
    assert decode("м".encode("cp1251"), "cp1251", ()).text == "м"  # type: ignore[union-attr]
    assert decode("м".encode("cp1251"), "utf-8", ()) is None


def test_a_byte_order_mark_is_no_letter_of_the_first_column() -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        decoded = decode("код\n".encode(encoding), None, ())
        assert decoded is not None
        assert decoded.text == "код\n"


def test_utf_16_without_its_mark() -> None:
    decoded = decode("student,arm\n1,a\n".encode("utf-16-be"), None, ())
    assert decoded is not None
    assert decoded.text == "student,arm\n1,a\n"


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1,5;2,5\n3,5;4,5\n", ";"),
        ('"a;x";b,c\n"1;2";3\n', ";"),
        ("a\tb\n1,5\t2\n", "\t"),
        ("alone\n1\n2\n", ","),
    ],
)
def test_the_delimiter(text: str, delimiter: str) -> None:
    assert detect_delimiter(text, ()).delimiter == delimiter


def read(text: str, width: int = 3, **settings: object) -> tuple[list[int], list[str], dict[str, int], list[str]]:
    """Rows, the second column, what was mended, the fault codes of a text with the columns a, b, c."""
    file = DelimitedFile(text.encode(), Settings(**settings), ("a", "b", "c"), "scores.csv")  # type: ignore[arg-type]
    header = file.records.lines[0] if settings.get("header_row") is None else settings["header_row"]
    sheet, faults = file.read(Request(int(header), width, {"b": 1}, (), ()))  # type: ignore[call-overload]
    cells = distinct(sheet.columns["b"])
    values = [str(cells.values[code]) for code in cells.codes]
    return sheet.rows.tolist(), values, sheet.mended, [fault.code for fault in faults]


def test_blank_rows_are_skipped_and_counted() -> None:
    assert read("a,b,c\n1,x,2\n\n,,\n  , ,\n3,y,4\n\n") == ([2, 6], ["x", "y"], {"blank rows": 4}, [])


def test_a_line_break_in_a_cell_moves_the_rows_below() -> None:
    assert read('a,b,c\n1,"x\ny",2\n3,z,4\n')[:2] == ([2, 4], ["x\ny", "z"])


def test_a_stray_quotation_mark_is_a_letter() -> None:
    assert read('a,b,c\n1,5" pipe,2\n3,z,4\n') == ([2, 3], ['5" pipe', "z"], {}, [])


def test_an_unclosed_quotation_mark_is_told() -> None:
    rows, _, _, faults = read('a,b,c\n1,x,2\n3,"z,4\n5,y,6\n')
    assert (rows, faults) == ([2, 3], ["row-length"])


def test_short_rows_are_whole_and_empty_cells_beyond_the_header_are_nothing() -> None:
    assert read("a,b,c\n1,x\n2,y,3,,\n") == ([2, 3], ["x", "y"], {}, [])


def test_the_last_row_ends_the_data() -> None:
    assert read("a,b,c\n1,x,2\n3,y,4\nTotal,,6\n", last_row=3)[:2] == ([2, 3], ["x", "y"])


def test_excels_own_line_names_the_delimiter() -> None:
    assert read("sep=;\na;b;c\n1;x;2\n")[:2] == ([3], ["x"])
    assert read("sep=\t\na\tb\tc\n1\tx\t2\n")[:2] == ([3], ["x"])
    assert read('"sep=|" \r\na|b|c\r\n1|x|2\r\n')[:2] == ([3], ["x"])


def test_no_line_end_at_the_end() -> None:
    assert read("a,b,c\n1,x,2")[:2] == ([2], ["x"])


def test_a_very_long_cell(tmp_path: Path) -> None:
    long = "x" * 300_000
    assert read(f'a,b,c\n1,{long},2\n3,"{long}",4\n')[1] == [long, long]


def test_names_that_none_of_the_signs_separates_are_asked_about() -> None:
    assert detect_delimiter("Код Группа Балл\n1 а 5\n2 б 4\n", ("Код", "Группа", "Балл")).unclear
    assert not detect_delimiter("Код\n1\n2\n", ("Код", "Группа", "Балл")).unclear


def test_rows_between_two_stray_quotation_marks_are_not_lost() -> None:
    text = 'a,b,c\n1,x,"good\n2,y,fair\n3,z,poor"\n4,w,good\n'
    assert read(text)[3] == ["row-length"]
    assert read(text.replace("poor", 'po"or'))[3] == ["row-length"]
    prose = 'a,b,c\n1,x,"good\nbut late, again, and ill"\n4,w,good\n'
    assert read(prose) == ([2, 4], ["x", "w"], {}, [])


def test_an_end_of_file_mark_is_no_row() -> None:
    assert read("a,b,c\n1,x,2\n\x1a")[:2] == ([2], ["x"])


def test_zeros_in_place_of_letters_are_a_damaged_file() -> None:
    text = "a,b,c\n" + "1,x,2\n" * 1000
    with pytest.raises(Unreadable) as raised:
        read(text + "\0" * 500)
    assert [(fault.code, fault.row) for fault in raised.value.faults] == [("file-unreadable", 1002)]


@pytest.mark.parametrize("encoding", [None, "utf-8", "UTF8"])
def test_utf8_with_a_broken_letter_is_told_with_its_line(encoding: str | None) -> None:
    data = "a,b,c\n1,Пётр,2\n2,Анна,3\n".encode() + b"3,\xd0,4\n"
    with pytest.raises(Unreadable) as raised:
        DelimitedFile(data, Settings(encoding=encoding), ("a", "b", "c"), "scores.csv")
    assert [(fault.code, fault.row) for fault in raised.value.faults] == [("letters-broken", 4)]
    assert DelimitedFile(data, Settings(encoding="cp1251"), ("a", "b", "c"), "scores.csv").encoding == "cp1251"


def test_a_text_with_many_broken_letters_is_no_text_of_another_encoding() -> None:
    data = b"a,b,c\n" + ("1,Пётр,2\n2,Анна,3\n".encode() + b"3,\xd0,4\n") * 100
    decoded = decode(data, None, ("a", "b", "c"))
    assert broken_lines(data, decoded, None) == [4 + 3 * i for i in range(20)]


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "mac-cyrillic", "cp866", "cp1252"])
def test_no_other_encoding_is_taken_for_broken_utf8(encoding: str) -> None:
    words = "é à ö ñ façade über" if encoding == "cp1252" else "м ж Пётр Анна Мария съезд"
    for n in range(len(words)):
        data = words[n:].encode(encoding)
        assert broken_lines(data, Decoded(b"", encoding), None) == []


def test_utf16_without_its_mark_whose_letters_are_cyrillic() -> None:
    text = "Ученик;Группа;Балл\n" + "Пётр;экспериментальная;5\n" * 20
    found = decode(text.encode("utf-16-le"), None, ())
    assert found is not None
    assert (found.encoding, found.text) == ("utf-16-le", text)


# --- rows whose cells stand in wrong columns ------------------------------------------------------------------

REGULAR = ["1,new,40,\n", "2,old,41,\n", "3,new,38.5,\n", "4,old,39,ill\n", "5,new,44,\n"]


def rows_told(*rows: str, names: str = "student,arm,score,note", wanted: tuple[str, ...] = ()) -> list[int]:
    columns = names.split(",")
    file = DelimitedFile("".join([names, "\n", *rows]).encode(), Settings(), columns, "scores.csv")
    places = {name: columns.index(name) for name in wanted or columns[:3]}
    _, faults = file.read(Request(1, len(columns), places, (), ()))
    assert {fault.code for fault in faults} <= {"row-length"}
    return [int(fault.row or 0) for fault in faults]


@pytest.mark.parametrize("row", ["6,ne,w,49,\n", "6,new,,49,\n", "6,new,4,9.5,\n"])
def test_a_delimiter_too_many_is_told(row: str) -> None:
    assert rows_told(*REGULAR, row) == [7]


def test_rows_with_fewer_cells_are_noticed_among_whole_ones() -> None:
    def notices(text: str) -> list[str]:
        file = DelimitedFile(text.encode(), Settings(), ("a", "b", "c"), "scores.csv")
        sheet, _ = file.read(Request(1, 3, {"a": 0, "b": 1}, (), ()))
        return [notice.message for notice in sheet.notices]

    (message,) = notices("a,b,c\n1,x,2\n\n3,y4\n5,z\n")
    assert message.startswith("scores.csv: rows with fewer cells than the header, as row 4,")
    assert notices("a,b,c\n1,x,2\n3,y,4,\n") == notices("a,b,c\n1,x\n3,y\n") == []


def test_a_delimiter_inside_a_cell_moves_what_follows() -> None:
    assert rows_told(*REGULAR, "6,new,49,5,\n") == [7]
    assert rows_told("6,new,49,5,\n", *REGULAR) == [2]
    named = [f"{row[:2]}Petrov{i},{row[2:]}" for i, row in enumerate(REGULAR)]
    names = "student,name,arm,score,note"
    assert rows_told(*named, "6,Petrov, Ivan,new,49,\n", names=names, wanted=("student", "arm", "score")) == [7]


@pytest.mark.parametrize("row", ["6,new,49,,,\n", "6,old,,,\n", "6,new,49,ill,\n", "6,new,late,,\n", ",,,,,\n", "6\n"])
def test_delimiters_behind_the_last_value_move_nothing(row: str) -> None:
    assert rows_told(*REGULAR, row) == []


@pytest.mark.parametrize("broken", [["6,new,\n", "49,\n"], ["6\n", ",new,49,\n"], ["6,new,49,very\n", "good\n"]])
def test_a_row_that_a_line_break_cuts_in_two_is_told(broken: list[str]) -> None:
    assert rows_told(*REGULAR, *broken) == [7]
    assert rows_told(*broken, *REGULAR) == [2]


def test_short_rows_one_after_another_are_rows() -> None:
    noted = [f"s{i},{'new' if i % 2 else 'old'},{i},seen {i},good {i}\n" for i in range(1, 6)]
    short = ["s6,new,40,ill\n", "s7,old\n", "s8\n", "s9,new,41\n", "s10,old,40\n"]
    assert rows_told(*noted, *short, names="student,arm,score,note,note2") == []
    assert rows_told(*REGULAR, "6,new\n", "7,old,41\n", "8\n", "9\n") == []
    assert rows_told("1,30,31\n", "2,30,33\n", "3,29,31\n", "4,30\n", "5,31\n", names="student,before,score") == []


def test_numbers_of_rows_without_a_name_in_the_header_move_all_columns() -> None:
    rows = [f'"{i}",{40 + i},14,""\n' for i in range(1, 9)]
    assert rows_told(*rows, names="score,age,note", wanted=("score",)) == list(range(2, 10))
    # Delimiters at the end of each row: the last column holds something else, or the first one no numbers of rows.
    assert rows_told(*rows, names="student,score,age", wanted=("student", "score", "age")) == []
    rows = [f"a{i},{40 + i},14,\n" for i in range(1, 9)]
    assert rows_told(*rows, names="student,score,age", wanted=("student", "score")) == []


@pytest.mark.parametrize("sign", [";", "\t"])
def test_a_first_line_that_names_a_delimiter_of_no_cell_is_asked_about(sign: str) -> None:
    text = f"sep={sign}\na,b,c\n1,x,2\n"
    with pytest.raises(Unreadable) as raised:
        read(text)
    (fault,) = raised.value.faults
    assert (fault.code, fault.key) == ("delimiter-unclear", "data.delimiter")
    assert read(text, delimiter=",")[:2] == ([3], ["x"])
