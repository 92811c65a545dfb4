"""Where the press office writes releases and keeps the press kit."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from congress.errors import Refused
from congress.http import MemberRequest, page_of, role_required, see_other
from press import publishing
from press.forms_publishing import FileForm, PublishForm, ReleaseForm
from press.models import PressFile, PressRelease
from press.views.releases import PUBLISHES

ON_A_PAGE = 30
LOOKS = {
    PressRelease.State.DRAFT: "neutral",
    PressRelease.State.SCHEDULED: "info",
    PressRelease.State.EMBARGOED: "warning",
    PressRelease.State.PUBLIC: "success",
}


@require_safe
@role_required(*PUBLISHES)
def orga_releases(request: MemberRequest) -> HttpResponse:
    """All releases of the edition, whatever state they are in."""
    rows = PressRelease.objects.of_edition(request.edition).defer("body")
    page = page_of(request, rows, ON_A_PAGE)
    lines = []
    for release in page.object_list:
        release.edition = request.edition
        state = release.state(request.now)
        lines.append({"release": release, "state": state.label, "look": LOOKS[state]})
    return render(request, "press/orga/releases.html", {"page": page, "lines": lines})


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*PUBLISHES)
def release_add(request: MemberRequest) -> HttpResponseBase:
    form = ReleaseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        release = publishing.write(
            edition=request.edition,
            form_key=form.cleaned_data["form_key"],
            by=request.user,
            now=request.now,
            **form.text(),
        )
        messages.success(request, _("Saved as a draft. Nobody else sees it yet."))
        return see_other("orga_release", edition=request.edition.slug, number=release.number)
    return render(request, "press/orga/release_add.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*PUBLISHES)
def orga_release(request: MemberRequest, number: int) -> HttpResponseBase:
    """One release: its text, when it appears, what goes with it."""
    release = get_object_or_404(PressRelease.objects.of_edition(request.edition), number=number)
    release.edition = request.edition
    act = request.POST.get("act", "")
    text = ReleaseForm.of(release, request.POST if act == "text" else None)
    when = PublishForm.of(release, request.POST if act == "publish" else None)
    file = FileForm(
        request.POST if act == "file" else None,
        request.FILES if act == "file" else None,
        of_release=True,
    )
    bound = {"text": text, "publish": when, "file": file}.get(act)
    try:
        if done := _done(request, release, act, text, when, file):
            return done
    except Refused as refusal:
        if bound is not None:
            bound.add_error(None, str(refusal.message))
        else:
            messages.warning(request, str(refusal.message))
    state = release.state(request.now)
    files = list(release.files.all())
    for one in files:
        one.edition, one.release = request.edition, release
    context = {
        "release": release,
        "text": text,
        "when": when,
        "file": file,
        "files": files,
        "state": state.label,
        "look": LOOKS[state],
        "is_draft": state == PressRelease.State.DRAFT,
        "is_out": state in (PressRelease.State.EMBARGOED, PressRelease.State.PUBLIC),
    }
    return render(request, "press/orga/release.html", context)


def _done(
    request: MemberRequest,
    release: PressRelease,
    act: str,
    text: ReleaseForm,
    when: PublishForm,
    file: FileForm,
) -> HttpResponse | None:
    """What was asked for, done; None where the page is shown again. Raises `Refused`."""
    here = reverse(
        "orga_release", kwargs={"edition": request.edition.slug, "number": release.number}
    )
    by: dict[str, Any] = {"by": request.user, "now": request.now}
    match act:
        case "text" if text.is_valid():
            publishing.change(
                release=release, version=text.cleaned_data["version"], **by, **text.text()
            )
            messages.success(request, _("Saved."))
        case "publish" if when.is_valid():
            publishing.publish(
                release=release,
                at=when.moment(),
                embargo_until=when.cleaned_data["embargo_until"],
                by_mail=when.cleaned_data["by_mail"],
                **by,
            )
            messages.success(request, _("Done. The page shows from now on when it appears."))
        case "withhold":
            publishing.withhold(release=release, **by)
            messages.success(request, _("The release is a draft again; nobody else sees it."))
        case "throw_away":
            publishing.throw_away(release=release, **by)
            messages.success(request, _("The draft is thrown away."))
            return see_other("orga_releases", edition=request.edition.slug)
        case "file" if file.is_valid():
            _add(request, file, release)
        case "remove":
            _remove(request, release.files.all())
        case _:
            return None
    return see_other(here)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*PUBLISHES)
def orga_press_kit(request: MemberRequest) -> HttpResponseBase:
    """The press kit: what is in it, how often it was fetched, and more of it."""
    kit = PressFile.objects.of_edition(request.edition).in_the_kit()
    act = request.POST.get("act", "")
    form = FileForm(
        request.POST if act == "file" else None,
        request.FILES if act == "file" else None,
        of_release=False,
    )
    if act == "remove" or form.is_valid():
        if act == "remove":
            _remove(request, kit)
        else:
            _add(request, form, None)
        return see_other("orga_press_kit", edition=request.edition.slug)
    files = list(kit)
    for file in files:
        file.edition = request.edition
    lines = [{"file": file, "embargoed": file.is_embargoed(request.now)} for file in files]
    return render(request, "press/orga/kit.html", {"form": form, "lines": lines})


def _add(request: MemberRequest, form: FileForm, release: PressRelease | None) -> None:
    publishing.add_file(
        edition=request.edition,
        release=release,
        form_key=form.cleaned_data["form_key"],
        brought=form.cleaned_data["file"],
        by=request.user,
        now=request.now,
        **form.about(),
    )
    messages.success(request, _("The file is there."))


def _remove(request: MemberRequest, among: Any) -> None:
    number = request.POST.get("file", "")
    found = (
        among.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 10 else None
    )
    if found is not None:
        publishing.remove_file(file=found, by=request.user, now=request.now)
        messages.success(request, _("The file is removed."))
