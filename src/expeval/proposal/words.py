"""Words by which people name columns, arms, moments and levels, in English and Russian."""

from __future__ import annotations

import re
from dataclasses import dataclass

from expeval.scores.spelling import tidy

_CAMEL = re.compile(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])|(?<=[A-Za-zА-Яа-яЁё])(?=\d)|(?<=\d)(?=[A-Za-zА-Яа-яЁё])")
_SPLIT = re.compile(r"[^0-9a-zа-я№]+")
# Cyrillic letters inside a Latin word and the other way round, as they come from typing on the wrong layout.
_TO_LATIN = str.maketrans("авекмнорстух", "abekmhopctyx")
_TO_CYRILLIC = str.maketrans("abekmhopctyx", "авекмнорстух")


def words_of(text: str) -> tuple[str, ...]:
    """The words of a name in small letters: ``"Pre_Test"``, ``"preTest"`` and ``"pre test"`` are alike."""
    parts = _SPLIT.split(_CAMEL.sub(" ", tidy(text)).casefold().replace("ё", "е"))
    return tuple(_one_alphabet(part) for part in parts if part)


def _one_alphabet(word: str) -> str:
    latin = sum("a" <= letter <= "z" for letter in word)
    cyrillic = sum("а" <= letter <= "я" for letter in word)
    if not latin or not cyrillic:
        return word
    return word.translate(_TO_LATIN if latin > cyrillic else _TO_CYRILLIC)


@dataclass(frozen=True, slots=True)
class Words:
    """Words that stand for one thing: ``whole`` ones, and ``stems`` that a word may begin with."""

    whole: frozenset[str]
    stems: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Words:
        """From words separated by spaces; a stem ends with a hyphen."""
        parts = text.split()
        stems = tuple(part[:-1] for part in parts if part.endswith("-"))
        return cls(frozenset(part for part in parts if not part.endswith("-")), stems)

    def fit(self, words: tuple[str, ...]) -> bool:
        """Whether one of the words is meant."""
        return any(word in self.whole or word.startswith(self.stems) for word in words)


EXPERIMENTAL = Words.of(
    "эг э экс exp eg ek eksp treatment treated intervention experiment trt эксперим- эксп- experiment- treat- eksper-"
)
CONTROL = Words.of("кг к контр контроль kg kontr kontrol cg ctrl ctl control controls контрольн- контроль-")

#: what a column's name says it is; a role that stands earlier wins
NAMES: dict[str, Words] = {
    "baseline": Words.of("pre pretest before baseline entry до вход входн- начальн- исходн- предтест- претест-"),
    "about": Words.of(
        "type kind тип вид size размер number количество number_of n avg mean средн- area region регион район "
        "город city district округ address адрес phone телефон email почта comment комментар- примечан- remark "
        "note date дата time время"
    ),
    "gender": Words.of("пол gender sex male female boy girl"),
    "part": Words.of("часть part item задани- вопрос question q"),
    "group": Words.of("group groups группа группы гр arm treatment treat condition intervention эксп- контр- эг кг"),
    "institution": Words.of(
        "school schools institution university college lyceum gymnasium schid school_id школ- лице- гимнази- оу "
        "соо вуз сош организац- учрежден- учебноезаведение колледж- университет- училищ- детсад"
    ),
    "class": Words.of("class classroom klass классы класс кл classid"),
    "student": Words.of(
        "id pid sid uid studid code student pupil learner participant subject stud код шифр номер n ученик- учащ- "
        "студент- испытуем- №"
    ),
    "person": Words.of(
        "фио ф и о имя фамили- отчество name surname firstname lastname fullname инициалы child ребенок"
    ),
    "mark": Words.of("mark marks grade grades оценк- отметк-"),
    "outcome": Words.of(
        "score scores балл- бал result results результат- test tests тест- posttest post points point очк- exam экзам- "
        "егэ огэ всего сумм- впр after после итог- итого выход- срез- зачет- achievement total performance "
        "успеваем- reading math maths mathematics science spelling чтение математик- русск- физик- хими- алгебр- "
        "геометри- информатик- wordcount outcome value y"
    ),
    "cohort": Words.of("cohort когорта year год wave волна учебныйгод"),
    "covariate": Words.of(
        "age возраст experience стаж siblings income доход ses mother father parent мать отец lunch ethnicity race "
        "language язык weight height вес рост status статус"
    ),
}

#: words of a moment that take nothing away from what is measured: reading_pre and reading_post are both reading
MOMENTS = Words.of(
    "pre post pretest posttest before after baseline entry final first second до после вход выход входн- "
    "выходн- начальн- исходн- конечн- итог- итоговый предтест- претест- посттест- 1 2 t1 t2 i ii test тест "
    "балл баллы score"
)

#: cells that say that there is no score
MISSING = frozenset({"na", "n/a", "н/а", "н/д", "nan", "null", "none", "-", "–", "—", "н", "нб", "б", "."})

#: words of marks on the scale from 2 to 5
MARK_WORDS = {
    "неуд": 2, "неудовл": 2, "неудовлетворительно": 2, "уд": 3, "удовл": 3, "удовлетворительно": 3,
    "хор": 4, "хорошо": 4, "отл": 5, "отлично": 5,
}  # fmt: skip

#: texts that stand for 0 and 1
TWO_LEVELS = (
    ("no", "yes"), ("нет", "да"), ("fail", "pass"), ("failed", "passed"), ("не сдал", "сдал"), ("незачет", "зачет"),
    ("не зачтено", "зачтено"), ("false", "true"), ("незач", "зач"), ("не сдан", "сдан"), ("не сдано", "сдано"),
)  # fmt: skip

#: scales of words, from the lowest level
SCALES = (
    ("low", "medium", "high"), ("low", "middle", "high"), ("низкий", "средний", "высокий"),
    ("низкий", "базовый", "повышенный", "высокий"), ("низкий", "ниже среднего", "средний", "выше среднего", "высокий"),
    ("неудовлетворительно", "удовлетворительно", "хорошо", "отлично"), ("неуд", "удовл", "хор", "отл"),
    ("below basic", "basic", "proficient", "advanced"),
)  # fmt: skip

#: what stands in a row below the students
BELOW = Words.of(
    "итог итого всего сумма средн- среднее учитель подпись директор завуч классныйруководитель total sum mean "
    "average signature teacher head максимум минимум max min качество успеваемость"
)


def role_of(name: str) -> str | None:
    """What a column's name says it is: a key of :data:`NAMES`."""
    words = words_of(name)
    joined = (*words, "".join(words))
    fits = [role for role, of in NAMES.items() if of.fit(joined)]
    if {"institution", "class", "student", "group"} & set(fits) and "about" in fits:
        return "about"  # school_type, class size
    if arms_named(name):
        return "group"
    if "person" in fits and ("institution" in fits or "class" in fits):
        return "institution" if "institution" in fits else "class"  # school name
    if "person" in fits:
        return "person"
    if "baseline" in fits:
        return "baseline"
    if "about" in fits and "outcome" not in fits and "mark" not in fits:
        return "about"
    order = [role for role in fits if role not in ("about", "baseline")]
    if "student" in order and "group" not in order and words[-1:] in (("id",), ("code",), ("код",), ("номер",)):
        other = [role for role in order if role in ("institution", "class")]
        return other[0] if other else "student"  # school_id
    if order:
        return order[0]
    return "outcome" if any(stem in "".join(words) for stem in ("exam", "score", "балл", "оценк")) else None


def arms_named(name: str) -> bool:
    """Whether a name is that of the column of arms (``treatment``, ``ЭГ``), not of a test ("Контрольная работа")."""
    words = words_of(name)
    said = [word for word in words if EXPERIMENTAL.fit((word,)) or CONTROL.fit((word,))]
    return bool(said) and len(said) == len([word for word in words if not NAMES["group"].fit((word,)) or word in said])


def arm_of_word(text: str) -> str | None:
    """The arm that a value, file or column is named for by a strong word; ``None`` where it isn't, or by both."""
    words = words_of(text)
    if any(word.startswith(("работ", "срез", "тест", "диктант", "точк", "измер", "вопрос", "урок")) for word in words):
        return None  # контрольная работа
    if words[:1] in (("non",), ("not",), ("не",), ("no",)):
        return None
    # A letter alone is a word for an arm ("Э"), in a label it is none ("К-21" may be any class).
    telling = tuple(word for word in words if word not in ("группа", "group", "гр"))
    telling = telling if len(telling) == 1 else tuple(word for word in telling if len(word) > 1)
    arms = [arm for arm, of in (("experimental", EXPERIMENTAL), ("control", CONTROL)) if of.fit(telling)]
    return arms[0] if len(arms) == 1 else None


def subject_of(name: str) -> tuple[str, ...]:
    """What a column measures, without the words that say when."""
    return tuple(word for word in words_of(name) if not MOMENTS.fit((word,)))


def is_missing_word(text: str) -> bool:
    """Whether a cell says in words that there is no score."""
    return tidy(text).casefold() in MISSING


def is_mark_word(text: str) -> int | None:
    """The mark that a word of the scale from 2 to 5 stands for."""
    return MARK_WORDS.get(tidy(text).casefold().rstrip("."))


def ordered_levels(texts: list[str]) -> list[str] | None:
    """Texts in rising order, where they are levels of a scale that everybody knows."""
    by_fold = {tidy(text).casefold(): text for text in texts}
    for scale in (*TWO_LEVELS, *SCALES):
        if len(by_fold) == len(texts) >= 2 and set(by_fold) <= set(scale):
            return [by_fold[level] for level in scale if level in by_fold]
    return None
