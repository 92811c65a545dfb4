"""Releases and the press kit, as journalists and everybody else read them."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from congress import outputs, pdf, uploads
from congress.http import EditionRequest, page_of
from congress.models import Admission, Role
from press import downloads, printing, queries
from press.models import PressFile, PressRelease

ON_A_PAGE = 20
IN_THE_ROOM = 3
IN_MEMORY = 5_000_000
PUBLISHES = (Role.Kind.PRESS_OFFICER, Role.Kind.ORGANISER)


def reads_ahead(request: EditionRequest) -> bool:
    """Accredited journalists, and who writes: they see what is under embargo."""
    if not request.user.is_authenticated:
        return False
    admission = request.access.admission
    is_press = admission is not None and admission.kind == Admission.Kind.PRESS
    return is_press or request.access.plays(*PUBLISHES)


def readable_releases(request: EditionRequest) -> list[dict[str, Any]]:
    """Newest first, each with its state and whether it is under embargo; texts are not loaded."""
    rows = PressRelease.objects.of_edition(request.edition).defer("body", "contact")
    found = rows.out(request.now) if reads_ahead(request) else rows.for_everybody(request.now)
    return [_line(release, request) for release in found.order_by("-published_at", "-number")]


def _line(release: PressRelease, request: EditionRequest) -> dict[str, Any]:
    release.edition = request.edition
    state = release.state(request.now)
    return {
        "release": release,
        "state": state,
        "embargoed": state == PressRelease.State.EMBARGOED,
    }


def readable_files(request: EditionRequest) -> list[PressFile]:
    """The kit: pictures and papers that belong to no release."""
    kit = PressFile.objects.of_edition(request.edition).in_the_kit()
    found = list(kit if reads_ahead(request) else kit.for_everybody(request.now))
    for file in found:
        file.edition = request.edition
    return found


@require_safe
def releases(request: EditionRequest) -> HttpResponse:
    page = page_of(request, readable_releases(request), ON_A_PAGE)
    context = {"page": page, "desk": queries.desk(request.edition)}
    return _private(render(request, "press/releases.html", context), request)


@require_safe
def release(request: EditionRequest, number: int) -> HttpResponse:
    """One release. Before it is out only who writes it sees it, as a preview."""
    found = _readable(request, number)
    line = _line(found, request)
    files = list(found.files.all())
    for file in files:
        file.edition, file.release = request.edition, found
    context = line | {
        "pictures": [file for file in files if file.is_picture],
        "papers": [file for file in files if not file.is_picture],
        "desk": queries.desk(request.edition),
        "is_preview": line["state"] in (PressRelease.State.DRAFT, PressRelease.State.SCHEDULED),
        "may_write": request.user.is_authenticated and request.access.plays(*PUBLISHES),
        "corrected": found.was_corrected(),
    }
    return _private(render(request, "press/release.html", context), request)


@require_safe
def release_pdf(request: EditionRequest, number: int) -> HttpResponse:
    found = _readable(request, number)
    for file in found.files.all():
        file.edition = request.edition
    embargoed = _line(found, request)["embargoed"]
    content = printing.release_pdf(found, embargoed=embargoed)
    name = "-".join((_("press-release"), request.edition.slug, str(found.number))) + ".pdf"
    return outputs.attachment(content, name, pdf.CONTENT_TYPE)


@require_safe
def press_kit(request: EditionRequest) -> HttpResponse:
    """Pictures and papers for everybody who reports, with what may be done with them."""
    files = readable_files(request)
    context = {
        "pictures": [_shown(file, request.now) for file in files if file.is_picture],
        "papers": [_shown(file, request.now) for file in files if not file.is_picture],
        "desk": queries.desk(request.edition),
        "may_write": request.user.is_authenticated and request.access.plays(*PUBLISHES),
    }
    return _private(render(request, "press/kit.html", context), request)


def _shown(file: PressFile, now: datetime) -> dict[str, Any]:
    return {"file": file, "embargoed": file.is_embargoed(now)}


@require_safe
def press_file(request: EditionRequest, number: int, ending: str) -> HttpResponseBase:
    """One file, to keep."""
    file = _readable_file(request, number)
    if ending != file.kind:
        raise Http404
    if request.method == "GET":
        downloads.count([file])
    name = slugify(file.title) or str(file.pk)
    response = uploads.to_keep(file.file.open("rb"), kind=file.kind, name=name)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def press_preview(request: EditionRequest, number: int) -> HttpResponseBase:
    """A picture as pages show it."""
    file = _readable_file(request, number)
    if not file.preview:
        raise Http404
    response = FileResponse(file.preview.open("rb"), content_type="image/jpeg")
    response["Cache-Control"] = "private, max-age=3600"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_safe
def press_pictures(request: EditionRequest) -> HttpResponseBase:
    """All pictures of the kit in one file, with a table of captions and credits."""
    pictures = [file for file in readable_files(request) if file.is_picture]
    if not pictures:
        raise Http404
    if request.method == "GET":
        downloads.count(pictures)
    packed = _packed(pictures, request)
    name = "-".join((_("press-pictures"), request.edition.slug)) + ".zip"
    response = FileResponse(packed, as_attachment=True, filename=name)
    response["Cache-Control"] = "no-store"
    return response


def _packed(
    pictures: Iterable[PressFile], request: EditionRequest
) -> tempfile.SpooledTemporaryFile[bytes]:
    packed = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # the response closes it
    header = (
        _("File"),
        _("Title"),
        _("Caption"),
        _("Credit"),
        _("Terms of use"),
        _("Embargo until"),
    )
    rows = []
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:  # pictures are packed already
        for position, file in enumerate(pictures, start=1):
            name = f"{position:02}-{slugify(file.title) or file.pk}.{file.kind}"
            with file.file.open("rb") as content:
                archive.writestr(name, content.read())
            until = file.ends_at if file.is_embargoed(request.now) else None
            rows.append((name, file.title, file.caption, file.credit, file.terms, until))
        archive.writestr(
            pgettext("of pictures", "captions") + ".csv", outputs.safe_csv(header, rows)
        )
    packed.seek(0)
    return packed


def _readable(request: EditionRequest, number: int) -> PressRelease:
    """Raises `Http404` for what this person may not know of yet."""
    rows = PressRelease.objects.of_edition(request.edition).prefetch_related("files")
    found = rows.filter(number=number).first()
    if found is None:
        raise Http404
    found.edition = request.edition
    match found.state(request.now):
        case PressRelease.State.PUBLIC:
            return found
        case PressRelease.State.EMBARGOED if reads_ahead(request):
            return found
    if request.user.is_authenticated and request.access.plays(*PUBLISHES):
        return found
    raise Http404


def _readable_file(request: EditionRequest, number: int) -> PressFile:
    files = PressFile.objects.of_edition(request.edition)
    found = files.for_everybody(request.now).filter(pk=number).first()
    if found is None and reads_ahead(request):
        writes = request.access.plays(*PUBLISHES)
        ahead = files if writes else files.for_the_press(request.now)
        found = ahead.filter(pk=number).first()
    if found is None:
        raise Http404
    return found


def _private(response: HttpResponse, request: EditionRequest) -> HttpResponse:
    """What some see and others not is kept by no cache on the way."""
    if request.user.is_authenticated:
        response["Cache-Control"] = "private, no-store"
    return response
