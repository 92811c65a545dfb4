"""What every page shows: edition, navigation, languages, who is signed in."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, Resolver404, reverse, translate_url
from django.utils.translation import get_language

from congress import panels
from congress.models import Edition, User


def site(request: HttpRequest) -> dict[str, Any]:
    edition = getattr(request, "edition", None)
    now = getattr(request, "now", None)
    if edition is None and not request.path.startswith(f"/{settings.ADMIN_PATH}/"):
        edition = Edition.objects.with_clock().select_related("host_state").current()
        if edition is not None:
            now = edition.clock
    return {
        "edition": edition,
        "now": now,
        # What was refused before anybody was asked who they are has no person, and gets a page all the same.
        "navigation": _navigation(request, edition)
        if edition is not None and hasattr(request, "user")
        else [],
        "languages": _languages(request),
        "person": request.user if isinstance(getattr(request, "user", None), User) else None,
        "demo": settings.DEMO,
        "site_url": settings.SITE_URL,
        "csp_nonce": getattr(request, "csp_nonce", ""),
    }


def _navigation(request: HttpRequest, edition: Edition) -> list[dict[str, Any]]:
    if not hasattr(request, "access"):
        from congress.http import Access

        request.edition, request.now = edition, edition.clock  # type: ignore[attr-defined]
        request.access = Access(request, edition, edition.clock)  # type: ignore[attr-defined, arg-type]
    entries = []
    for item in panels.navigation:
        if not item.visible(request):  # type: ignore[arg-type]
            continue
        url = reverse(item.url_name, kwargs={"edition": edition.slug})
        entries.append({"label": item.label, "url": url, "current": request.path.startswith(url)})
    return entries


def _languages(request: HttpRequest) -> list[dict[str, Any]]:
    current = get_language()
    entries = []
    for code, name in (("de", "Deutsch"), ("en", "English")):
        try:
            url = translate_url(request.get_full_path(), code)
        except (NoReverseMatch, Resolver404):
            url = "/" if code == "de" else f"/{code}/"
        if code != current and url == request.get_full_path():
            continue  # this page is in one language only
        entries.append({"code": code, "label": name, "url": url, "current": code == current})
    return entries
