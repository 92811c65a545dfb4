"""What an address means, told while it is typed. It knows the registry, and nothing of who has registered."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from congress.http import EditionRequest
from congress.mailbox import ADDRESS_LIMIT
from congress.models import Level
from registration import eligibility, limits
from registration.models import RegistrationSettings

# One of the kind, where lists say them in the plural.
ONE_OF = {
    Level.BUND: _("federal level"),
    Level.LAND: _("a Land"),
    Level.KOMMUNE: _("a municipality"),
    Level.IT_PROVIDER: _("an IT service provider"),
    Level.CORPORATION: _("a public corporation"),
    Level.ASSOCIATION: _("an association"),
    Level.UNIVERSITY: _("a university"),
}


@require_POST
@never_cache
def address(request: EditionRequest) -> HttpResponse:
    """A POST, so that no address stands in a log; it changes nothing. Half an address is answered with nothing."""
    typed = request.POST.get("email", "").strip()
    if not typed or len(typed) > ADDRESS_LIMIT or not limits.may_look_up(request):
        return HttpResponse()
    settings = RegistrationSettings.objects.of(request.edition)
    found = eligibility.assess(typed, request.edition)
    if found.decision == eligibility.INVALID or len(typed.rpartition(".")[2]) < 2:
        return HttpResponse()
    rule = found.rule
    context = {
        "found": found,
        "land": rule.land if rule is not None else None,
        "level": ONE_OF.get(Level(found.level)) if found.level else "",
        "several": rule.bodies if rule is not None and rule.bodies > 1 else 0,
        "names": rule.known_bodies if rule is not None else [],
        "checked": settings.checked(request.edition, request.now),
    }
    return render(request, "registration/_address.html", context)
