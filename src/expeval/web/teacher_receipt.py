"""What was accepted: its receipt, all uploads of the institution, and withdrawal."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from expeval.cohorts.confirmation import receipt
from expeval.cohorts.history import Uploaded, history
from expeval.cohorts.mending import open_drafts
from expeval.cohorts.sender import NoSuchUpload, NotReady
from expeval.cohorts.withdrawal import withdraw
from expeval.store.schema import CONFIRMED, DRAFT, WITHDRAWN
from expeval.web.pages import page, redirect
from expeval.web.teacher_draft import number_of
from expeval.web.visitors import teachers_only, visitor_of


async def _upload(request: Request) -> Uploaded:
    """An upload of her institution, however it fares now."""
    number = number_of(request)
    store, sender = request.app.state.store, visitor_of(request).sender
    uploads = await run_in_threadpool(history, store, sender, True)
    found = next((one for one in uploads if one.number == number), None)
    if found is None:
        raise NoSuchUpload(number)
    return found


@teachers_only
async def receipt_page(request: Request) -> Response:
    """The receipt, the same every time; to be printed."""
    store, sender = request.app.state.store, visitor_of(request).sender
    found = await run_in_threadpool(receipt, store, sender, number_of(request))
    if found.number != number_of(request):
        return redirect(request, f"/receipt/{found.number}", {"same": "1"})
    return page(
        request,
        "teacher_receipt.html",
        receipt=found,
        upload=await _upload(request),
        same=bool(request.query_params.get("same")),
    )


@teachers_only
async def uploads_page(request: Request) -> Response:
    """All uploads of her institution, the latest first."""
    store, sender = request.app.state.store, visitor_of(request).sender
    uploads = await run_in_threadpool(history, store, sender)
    ended = {str(one.number) for one in uploads if one.state == WITHDRAWN}
    withdrawn = request.query_params.get("withdrawn")
    return page(
        request,
        "teacher_uploads.html",
        uploads=uploads,
        own=set(await run_in_threadpool(open_drafts, store, sender)),
        withdrawn=withdrawn if withdrawn in ended else None,
    )


@teachers_only
async def withdraw_page(request: Request) -> Response:
    """What withdrawal means; nothing happens unless she confirms."""
    found = await _upload(request)
    if found.state != CONFIRMED:
        raise NotReady(f"Upload {found.number} does not count.")
    return page(request, "teacher_withdraw.html", upload=found)


@teachers_only
async def withdraw_upload(request: Request) -> Response:
    """Let it count no more."""
    number = number_of(request)
    await run_in_threadpool(withdraw, request.app.state.store, visitor_of(request).sender, number)
    return redirect(request, "/uploads", {"withdrawn": str(number)})


async def ended_page(request: Request) -> Response:
    """For an act that an upload is past: on to where it stands now, its receipt, or how it ended."""
    visitor = getattr(request.state, "visitor", None)
    if visitor is None or visitor.is_coordinator or "number" not in request.path_params:
        return page(request, "error.html", 409, kind="409")
    upload = await _upload(request)
    if upload.state == DRAFT:
        return redirect(request, f"/draft/{upload.number}")
    try:
        found = await run_in_threadpool(receipt, request.app.state.store, visitor.sender, upload.number)
    except NotReady:
        return page(request, "teacher_ended.html", 409, upload=upload)
    return redirect(request, f"/receipt/{found.number}")
