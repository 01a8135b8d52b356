"""Forms that another site sends in a visitor's name are refused, by a token of her session and by their origin."""

from __future__ import annotations

from urllib.parse import urlsplit

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

from expeval.web.settings import Settings
from expeval.web.visitors import sessions_of, ticket_of

FIELD = "form_token"
MOST_FIELDS = 1000  # 100 words and 200 cells a page, and some more
LONGEST_FIELD = 64 * 1024


def check_origin(request: Request) -> None:
    """Refuse what a browser says another site sent; raises ``HTTPException`` 403."""
    settings: Settings = request.app.state.settings
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise HTTPException(403, "forged")
    origin = request.headers.get("origin")
    own = f"{urlsplit(settings.address).scheme}://{request.headers.get('host', '')}"
    # A browser too old to say the site, or told to say nothing, sends "null" or nothing: the token decides then.
    if origin is not None and origin.lower() != own.lower() and not (origin == "null" and site == "same-origin"):
        raise HTTPException(403, "forged")


def check_charset(request: Request) -> None:
    """Refuse forms in another encoding than ours; raises ``HTTPException`` 415.

    Any codec of Python could be named, such as those that decode to halves of characters, which nothing can write.
    """
    _, options = parse_options_header(request.headers.get("content-type", ""))
    charset = options.get(b"charset", b"utf-8")
    if charset.lower() not in (b"utf-8", b"utf8"):
        raise HTTPException(415)


async def check_form(request: Request) -> FormData:
    """The form of a POST, once it is known that it came from a page of ours; raises ``HTTPException`` 403 or 415."""
    check_origin(request)
    check_charset(request)
    form = await request.form(max_files=1, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD)
    given = form.get(FIELD)
    if not isinstance(given, str) or not sessions_of(request).made_form(ticket_of(request), given):
        await form.close()
        raise HTTPException(403, "forged")
    return form
