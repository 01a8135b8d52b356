"""Pages in the visitor's language, and redirects: every text comes from the catalogue, every value is escaped."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from expeval.web.catalogue import LANGUAGES, say
from expeval.web.forgery import FIELD
from expeval.web.settings import Settings
from expeval.web.visitors import keep_ticket, sessions_of, ticket_of

TEMPLATES = Path(__file__).parent / "templates"
LANGUAGE_COOKIE = "expeval-language"
YEAR = 365 * 24 * 3600


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def language_of(request: Request) -> str:
    """The visitor's language: asked for in the address, chosen before, her browser's, else that of the pages."""
    for asked in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if asked in LANGUAGES:
            return str(asked)
    for part in request.headers.get("accept-language", "")[:200].split(","):
        spoken = part.split(";")[0].strip().lower().split("-")[0]
        if spoken in LANGUAGES:
            return spoken
    settings: Settings = request.app.state.settings
    return settings.language


def moment(time: datetime, language: str) -> str:
    """A time as the people of a language write it, in the time zone of the place where the pages are served."""
    local = time.astimezone()
    offset = local.strftime("%z")
    zone = "UTC" if offset == "+0000" else f"UTC{offset[:3]}:{offset[3:]}"
    day = local.strftime("%d.%m.%Y") if language == "ru" else f"{local.day} {local.strftime('%B %Y')}"
    return f"{day}, {local:%H:%M} ({zone})"


def page(request: Request, template: str, status: int = 200, **context: Any) -> Response:
    """Render a template of ``templates/``.

    Templates have ``t(key, **fields)`` for words, ``csrf()`` for a form's hidden field, ``when(time)``, ``language``,
    ``study`` (its title), ``simulated``, ``visitor`` (``None`` without a link) and ``other_languages`` (name, address).
    """
    language = language_of(request)
    ticket = ticket_of(request)

    def t(key: str, **fields: object) -> str:
        return say(language, key, **fields)

    has_form = False

    def csrf() -> str:
        nonlocal has_form
        has_form = True
        token = sessions_of(request).form_token(ticket)
        return Markup(f'<input type="hidden" name="{FIELD}" value="{token}">')

    body = (
        _environment()
        .get_template(template)
        .render(
            {
                "t": t,
                "csrf": csrf,
                "when": lambda time: moment(time, language),
                "language": language,
                "study": request.app.state.study.study.title,
                "simulated": request.app.state.study.study.simulated,
                "visitor": getattr(request.state, "visitor", None),
                "other_languages": _switches(request, language),
                **context,
            }
        )
    )
    response = Response(body, status, media_type="text/html; charset=utf-8")
    if has_form and request.state.ticket_is_new:
        keep_ticket(request, response, ticket)
    _keep_language(request, response)
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


def _switches(request: Request, language: str) -> list[tuple[str, str, str]]:
    """Each other language: its code, its own name, the address of this page in it."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    # A page that answered a form has no address of its own that could be asked for again.
    path = request.url.path if request.method in ("GET", "HEAD") else "/"
    path = f"/{path.lstrip('/')}"  # two slashes at the beginning would name another site
    return [
        (code, name, f"{quote(path)}?{urlencode([*kept, ('lang', code)])}")
        for code, name in LANGUAGES.items()
        if code != language
    ]


def _keep_language(request: Request, response: Response) -> None:
    asked = request.query_params.get("lang")
    if asked in LANGUAGES and asked != request.cookies.get(LANGUAGE_COOKIE):
        settings: Settings = request.app.state.settings
        response.set_cookie(
            LANGUAGE_COOKIE, str(asked), max_age=YEAR, path="/", secure=settings.https, httponly=True, samesite="lax"
        )


def redirect(request: Request, path: str, query: Mapping[str, str] | None = None) -> Response:
    """Send the browser on to a page of ours, so that reloading sends nothing twice."""
    del request
    address = quote(path) + (f"?{urlencode(query)}" if query else "")
    return RedirectResponse(address, status_code=303)
