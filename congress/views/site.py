"""Public pages: home, help, duties."""

import re
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from congress import panels
from congress.http import EditionRequest
from congress.models import Edition, Page


def start(request: HttpRequest) -> HttpResponseBase:
    """Leads to the current edition; says what is missing where there is none."""
    edition = Edition.objects.current()
    if edition is None:
        return render(request, "congress/empty.html", status=200)
    return redirect(edition)


def home(request: EditionRequest) -> HttpResponse:
    context: dict[str, Any] = {"phase": request.edition.phase(request.now), "on_air": []}
    for entries in panels.home_context:
        context |= entries(request)
    context["main_button"] = main_button(request)
    context["panels"] = [html for panel in panels.home if (html := panel(request))]
    return render(request, "congress/home.html", context)


def main_button(request: EditionRequest) -> panels.MainButton:
    """The one button that fits phase and person: what an app offers, else the programme, else how to take part."""
    for offer in panels.main_buttons:
        if button := offer(request):
            return button
    return panels.MainButton(
        label=_("Questions and answers"),
        url=reverse("help", kwargs={"edition": request.edition.slug}),
    )


def help_page(request: EditionRequest) -> HttpResponse:
    return _page(request, "hilfe", request.edition)


def page(request: HttpRequest, slug: str) -> HttpResponse:
    """A duty page: of the current edition, else the one that holds for all."""
    return _page(request, slug, Edition.objects.with_clock().select_related("host_state").current())


def _page(request: HttpRequest, slug: str, edition: Edition | None) -> HttpResponse:
    found = Page.objects.for_edition(edition).filter(slug=slug).first()
    shown = found or get_object_or_404(Page, slug=slug, edition__isnull=True)
    context = {"page": shown, "body": filled(shown.body, edition), "is_help": slug == "hilfe"}
    return render(request, "congress/page.html", context)


_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def filled(body: str, edition: Edition | None) -> str:
    """Text with the host's data in place of `{{name}}`. Filled once: what comes out is not searched again."""
    facts = host_facts(edition)
    return _PLACEHOLDER.sub(
        lambda match: facts.get(match[1]) or gettext("[To be filled in by the host]"), body
    )


def host_facts(edition: Edition | None) -> dict[str, str]:
    if edition is None:
        return {}
    return {
        "title": edition.title,
        "organiser": edition.organiser,
        "host": edition.host_state.official_name,
        "city": edition.city,
        "venue": edition.venue,
        "help_email": edition.help_email or "",
        "help_phone": edition.help_phone,
        "press_email": edition.press_email or "",
        "first_day": date_format(edition.starts_on, "DATE_FORMAT"),
        "last_day": date_format(edition.ends_on, "DATE_FORMAT"),
    }
