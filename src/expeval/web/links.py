"""A personal link: a page whose button begins the session, so that a mail program that looks at links opens nothing."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from expeval.cohorts.invitations import NoSuchLink, follow
from expeval.web.forgery import check_form
from expeval.web.logs import LOG
from expeval.web.pages import language_of, page, redirect
from expeval.web.rates import check_guesses, count_guess
from expeval.web.visitors import begin_session, end_session

HOME = {"teacher": "/", "coordinator": "/coordinator"}


async def show_link(request: Request) -> Response:
    """The button; whether the link holds is asked when it is pressed."""
    return page(request, "link.html")


async def follow_link(request: Request) -> Response:
    """Begin a session, or tell that the link does not hold: the same for one that never was."""
    check_guesses(request)
    await check_form(request)
    try:
        link = await run_in_threadpool(follow, request.app.state.store, request.path_params["token"])
    except NoSuchLink:
        count_guess(request)
        LOG.warning("link that does not hold")
        return page(request, "link_ended.html", 403)
    language = language_of(request)
    asked = {"lang": language} if request.query_params.get("lang") == language else None
    response = redirect(request, HOME[link.role], asked)
    begin_session(request, response, link)
    return response


async def leave(request: Request) -> Response:
    """End the session."""
    await check_form(request)
    response = page(request, "left.html")
    end_session(request, response)
    return response


async def nothing(request: Request) -> Response:
    """For robots: nothing here is to be found."""
    del request
    return Response("User-agent: *\nDisallow: /\n", media_type="text/plain")


def link_routes() -> list[Route]:
    """The routes of everybody."""
    return [
        Route("/i/{token}", show_link, methods=["GET"]),
        Route("/i/{token}", follow_link, methods=["POST"]),
        Route("/leave", leave, methods=["POST"]),
        Route("/robots.txt", nothing, methods=["GET"]),
    ]
