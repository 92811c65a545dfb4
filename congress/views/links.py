"""Personal links: GET shows a page and changes nothing, a person's POST enters."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from congress import actions, limits, links, panels
from congress.http import kept_nowhere, see_other
from congress.link_forms import CodeForm, SentToForm
from congress.models import AccessLink
from congress.sessions import BADGE_KEY
from congress.views.errors import gone, not_found

TOO_OFTEN = "too_often"


@kept_nowhere
@require_http_methods(["GET", "HEAD", "OPTIONS", "POST"])
def access_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """Unknown: 404. Ended: 410 with a contact. Cut off by a mail program: said so. Never a name before the POST.

    Press links are entered by typing the address that they were sent to.
    """
    try:
        # Blanks come along when a link is copied.
        token_hash = links.hashed(token.strip())
    except links.Incomplete:
        return render(request, "congress/link_incomplete.html", status=404)
    link = (
        AccessLink.objects.of_token(token_hash)
        .select_related("edition__host_state", "admission", "person")
        .first()
    )
    if link is None:
        return not_found(request)
    edition, now = link.edition, link.edition.now()
    if not link.is_open(now) or (
        link.admission is not None and not link.admission.is_in_force(now)
    ):
        return gone(request, edition=edition)
    full, chosen = False, request.POST.get("to", "")
    posted = request.POST if request.method == "POST" else None
    form = _asks(link, posted)
    if request.method == "POST" and (form is None or _is_answered(request, link, form)):
        if _is_in_already(request, link):
            return see_other(_goal(link, now, chosen))
        try:
            actions.enter_by_link(
                request=request, link=link, now=now, replace_oldest="replace" in request.POST
            )
        except actions.TooManyDevices:
            full = True
        except actions.LinkIsOver:
            return gone(request, edition=edition)
        else:
            return see_other(_goal(link, now, chosen))
    context = {
        "edition": edition,
        "now": now,
        "kind": link.kind,
        "is_badge": link.kind == AccessLink.Kind.BADGE,
        "full": full,
        "max_devices": link.max_devices,
        "doors": _doors(link, now),
        "chosen": chosen,
        "form": form,
        "asks_for_a_code": link.asks_for_a_code,
    }
    return render(request, "congress/access_link.html", context, status=_status(form, full=full))


def _asks(link: AccessLink, posted: QueryDict | None) -> SentToForm | CodeForm | None:
    """What has to be typed beside the link: the address it was sent to, a code that was told, or nothing."""
    if link.asks_for_its_address:
        return SentToForm(posted)
    return CodeForm(posted) if link.asks_for_a_code else None


def _status(form: SentToForm | CodeForm | None, *, full: bool) -> int:
    if form is not None and any(form.has_error(name, TOO_OFTEN) for name in form.fields):
        return 429
    return 409 if full else 200


def _is_answered(request: HttpRequest, link: AccessLink, form: SentToForm | CodeForm) -> bool:
    """Whether the address or the code is right; if not, the form says so."""
    if not form.is_valid():
        return False
    (field,) = form.fields
    if not limits.may_try_address(request, link.pk):
        if isinstance(form, CodeForm):
            sentence = _(
                "That was wrong too often. Please wait ten minutes, or ask the organisers."
            )
        else:
            sentence = _(
                "That was wrong too often. Please wait ten minutes, or ask the press office."
            )
        form.add_error(field, ValidationError(sentence, code=TOO_OFTEN))
        return False
    if isinstance(form, CodeForm):
        given = links.code_hash(link.pk, form.cleaned_data["code"])
        right = constant_time_compare(given, bytes(link.code_hash or b""))
        wrong = _("This code is not right. Please ask whoever gave you the link.")
    else:
        wanted = link.person.mailbox if link.person is not None else ""
        right = bool(wanted) and constant_time_compare(form.cleaned_data["mailbox"], wanted)
        wrong = _("This link was not sent to that address. Please look into the letter again.")
    if right:
        limits.address_was_right(request, link.pk)
        return True
    form.add_error(field, wrong)
    return False


def _doors(link: AccessLink, now: datetime) -> list[panels.Door]:
    """Where there is a choice; one door needs no name."""
    doors = [
        door
        for goal in panels.link_goals
        if goal.kind == link.kind and goal.doors is not None
        for door in goal.doors(link.edition, now)
    ]
    return doors if len(doors) > 1 else []


def _goal(link: AccessLink, now: datetime, chosen: str) -> str:
    """Where the link leads, without a token in the address."""
    # A stage may have ended while somebody looked at the page: then to all of them.
    for door in _doors(link, now) if chosen else ():
        if door.key == chosen:
            return door.url
    for goal in panels.link_goals:
        if goal.kind == link.kind and (url := goal.url(link.edition, now)):
            return url
    return reverse("home", kwargs={"edition": link.edition.slug})


def _is_in_already(request: HttpRequest, link: AccessLink) -> bool:
    """The same person, signed in on this device in a fuller way than a badge: that stays."""
    return (
        link.kind == AccessLink.Kind.BADGE
        and request.user.is_authenticated
        and request.user.pk == link.person_id
        and BADGE_KEY not in request.session
    )
