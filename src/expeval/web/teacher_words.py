"""The words of a file that the study doesn't know: what each stands for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from expeval.cohorts.choices import MISSING
from expeval.cohorts.mending import answer, ask_again
from expeval.cohorts.reviewing import Review
from expeval.cohorts.words import Word
from expeval.study.spec import Scalar, Study
from expeval.web.addresses import short_number
from expeval.web.pages import page, redirect
from expeval.web.teacher_draft import below, next_step, number_of, review_of
from expeval.web.visitors import teachers_only, visitor_of
from expeval.web.work import work

MOST = 100  # words on one page
NUMBER = "number"  # in a form: the number in the field beside


@dataclass(frozen=True, slots=True)
class Asked:
    """A word with her name of its column; ``group``: it is of the group column."""

    word: Word
    column: str
    group: bool

    @property
    def suggested(self) -> str:
        """As the form says it: the place among what is allowed, ``missing``, ``number``, or nothing."""
        return self.given(self.word.suggestion)

    def given(self, meaning: Scalar | None) -> str:
        """A meaning as the form says it."""
        if meaning is None:
            return ""
        if meaning in self.word.allowed:
            return str(self.word.allowed.index(meaning))
        return MISSING if meaning == MISSING else NUMBER


def _asked(study: Study, found: Review) -> list[Asked]:
    group = study.groups.column
    outcomes = {str(outcome.column): outcome for outcome in study.outcomes}

    def theirs(word: Word) -> str:
        if word.column in found.names:
            return found.names[word.column]
        baseline = outcomes[word.column].baseline if word.column in outcomes else None
        return found.names.get(baseline or "", word.column)

    return [Asked(word, theirs(word), word.column == group) for word in found.words[:MOST]]


@teachers_only
async def words_page(request: Request) -> Response:
    """Each word with its count, and what it may stand for."""
    found = await review_of(request)
    if not found.words:
        return next_step(request, found)
    asked = _asked(request.app.state.study, found)
    problem = request.query_params.get("problem") == "words"
    return page(
        request, "teacher_words.html", found=found, asked=asked, problem=problem, rest=len(found.words) - len(asked)
    )


@teachers_only
async def say_words(request: Request) -> Response:
    """Keep what was said; what was left open is asked again."""
    state, number = request.app.state, number_of(request)
    form = await request.form()
    found = await review_of(request)
    said, open_ones = _said({(one.word.column, one.word.text): one for one in _asked(state.study, found)}, form)
    if said:
        await work(request, answer, state.store, state.study, visitor_of(request).sender, number, said)
    if open_ones:
        return redirect(request, f"/draft/{number}/words", {"problem": "words", **(below(request) or {})})
    return redirect(request, f"/draft/{number}", below(request))


@teachers_only
async def words_again(request: Request) -> Response:
    """Let her say anew what the words stand for."""
    number = number_of(request)
    await work(request, ask_again, request.app.state.store, visitor_of(request).sender, number)
    return redirect(request, f"/draft/{number}", below(request))


def _said(asked: Mapping[tuple[str, str], Asked], form: FormData) -> tuple[dict[str, dict[str, Scalar]], bool]:
    """What each word of the form stands for, and whether one was left open; words that are not asked are no more."""
    said: dict[str, dict[str, Scalar]] = {}
    left = False
    for place in range(MOST):
        one = asked.get((str(form.get(f"column-{place}", "")), str(form.get(f"word-{place}", ""))))
        if one is None:
            continue
        meaning = _meaning(one, str(form.get(f"meaning-{place}", "")), str(form.get(f"number-{place}", "")))
        if meaning is None:
            left = True
        else:
            said.setdefault(one.word.column, {})[one.word.text] = meaning
    return said, left


def _meaning(one: Asked, given: str, number: str) -> Scalar | None:
    allowed = one.word.allowed
    if allowed:
        place = short_number(given)
        return allowed[place] if place is not None and place < len(allowed) else None
    if given == MISSING:
        return MISSING
    if given != NUMBER:
        return None
    try:
        value = float(number.strip()[:40].replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
