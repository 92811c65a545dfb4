"""Pages of the demonstration: be somebody, turn the clock, read the letters. Only where settings.DEMO."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.core.management import call_command
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from congress import actions, journal, panels
from congress.demo import mails
from congress.demo.clock import STOPS, MomentForm
from congress.demo.people import DEMO_PEOPLE, DemoPerson
from congress.demo.seed import DEMO_MOMENT, DEMO_SLUG, demo_user
from congress.kernforms.sample import SampleForm
from congress.models import AccessLink, Admission, Edition, User

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def demo_only(view: View[P]) -> View[P]:
    """A 404 everywhere else, even where somebody includes the addresses by mistake."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not settings.DEMO:
            raise Http404
        response = view(request, *args, **kwargs)
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return cast("View[P]", guarded)


@dataclass(frozen=True)
class Card:
    """A demonstration person with what there is to try."""

    person: DemoPerson
    user: User | None
    sign: str
    colour: int
    tries: list[tuple[str, str]]
    is_here: bool


@require_safe
@demo_only
def start(request: HttpRequest, form: MomentForm | None = None) -> HttpResponse:
    edition = _edition()
    if edition is None:
        return render(request, "congress/demo_empty.html")
    now = edition.clock or edition.now()
    context = {
        "demo_edition": edition,
        "demo_now": now,
        "cards": [_card(person, edition, request) for person in DEMO_PEOPLE],
        "doors": list(panels.demo_doors),
        "stops": [{"stop": stop, "at": edition.local(stop.at)} for stop in STOPS],
        "form": form or MomentForm(initial={"moment": edition.local(now).replace(second=0)}),
        "mails": mails.latest(5),
        "mail_count": mails.count(),
    }
    return render(request, "congress/demo.html", context, status=400 if form else 200)


@require_POST
@demo_only
def enter(request: HttpRequest, key: str) -> HttpResponse:
    """Be this person, by one click; leads to what was chosen to try, or to the first of it."""
    edition, person = _demo_edition(), _person(key)
    user = demo_user(person)
    if user is None or not user.is_active:
        messages.error(request, _("This person is gone. Fill the demonstration again, below."))
        return redirect("demo")
    login(request, user, backend="congress.auth.RoleBackend")
    return redirect(_goal(person, edition, request.POST.get("try", "")))


@require_POST
@demo_only
def personal_link(request: HttpRequest, key: str) -> HttpResponse:
    """A working personal link, minted now, opened as its person would open it from a letter."""
    edition, person = _demo_edition(), _person(key)
    user = demo_user(person)
    admission = Admission.objects.filter(person=user, edition=edition).first() if user else None
    if not person.link or user is None or admission is None:
        messages.error(request, _("This person is gone. Fill the demonstration again, below."))
        return redirect("demo")
    now = edition.now()
    link = AccessLink.objects.filter(
        admission=admission, kind=person.link, revoked_at__isnull=True
    ).first() or actions.create_link(
        kind=person.link, edition=edition, now=now, person=user, admission=admission
    )
    token = actions.mint(link=link, now=now)
    if link.asks_for_its_address:
        messages.info(request, _("This link was sent to %(address)s.") % {"address": user.mailbox})
    name = "press_access_link" if link.kind == AccessLink.Kind.PRESS else "access_link"
    return redirect(reverse(name, kwargs={"token": token}))


@require_POST
@demo_only
def open_door(request: HttpRequest, key: str) -> HttpResponse:
    """Something that needs no person, such as a screen of the hall."""
    edition = _demo_edition()
    door = next((door for door in panels.demo_doors if door.key == key), None)
    if door is None:
        raise Http404
    address = door.open(edition)
    if address is None:
        messages.error(request, _("This is gone. Fill the demonstration again, below."))
        return redirect("demo")
    return redirect(address)


@require_POST
@demo_only
def turn_clock(request: HttpRequest) -> HttpResponseBase:
    """To one of the stops, or to any moment."""
    edition = _demo_edition()
    stop = next((stop for stop in STOPS if stop.key == request.POST.get("stop")), None)
    if stop is not None:
        to = stop.at
    else:
        form = MomentForm(request.POST)
        if not form.is_valid():
            request.method = "GET"
            return start(request, form=form)
        to = form.cleaned_data["moment"]
    by = request.user if isinstance(request.user, User) else None
    actions.turn_clock(edition=edition, to=to, by=by)
    local = edition.local(to)
    messages.success(
        request,
        _("It is now %(moment)s in the demonstration.") % {"moment": f"{local:%d.%m.%Y, %H:%M}"},
    )
    return redirect(reverse("demo") + "#uhr")


@require_safe
@demo_only
def mail_list(request: HttpRequest) -> HttpResponse:
    return render(request, "congress/demo_mails.html", {"mails": mails.latest()})


@require_safe
@demo_only
def mail(request: HttpRequest, name: str) -> HttpResponse:
    found = mails.find(name)
    if found is None:
        raise Http404
    return render(request, "congress/demo_mail.html", {"mail": found})


@require_safe
@demo_only
def components(request: HttpRequest) -> HttpResponse:
    """The parts that pages are built of."""
    context = {"form": SampleForm(auto_id="a_%s"), "bad_form": SampleForm({"email": "kein"})}
    return render(request, "congress/styleguide.html", context)


@require_POST
@demo_only
def refill(request: HttpRequest) -> HttpResponse:
    """Bring back what is missing, and the moment it began with."""
    call_command("seed_demo", verbosity=0)
    edition = _demo_edition()
    by = request.user if isinstance(request.user, User) else None
    actions.turn_clock(edition=edition, to=DEMO_MOMENT, by=by)
    journal.note("demo.reset", edition=edition, now=DEMO_MOMENT, by=by)
    messages.success(request, _("The demonstration is complete again."))
    return redirect("demo")


def _edition() -> Edition | None:
    return (
        Edition.objects.with_clock()
        .select_related("host_state")
        .filter(slug=DEMO_SLUG, practice=True)
        .first()
    )


def _demo_edition() -> Edition:
    return get_object_or_404(Edition, slug=DEMO_SLUG, practice=True)


def _person(key: str) -> DemoPerson:
    for person in DEMO_PEOPLE:
        if person.key == key:
            return person
    raise Http404


def _card(person: DemoPerson, edition: Edition, request: HttpRequest) -> Card:
    user = demo_user(person)
    return Card(
        person=person,
        user=user,
        sign=f"{person.first_name[0]}{person.last_name[0]}",
        colour=_COLOUR_OF_ROLE.get(person.role or person.admission, 0),
        tries=_tries(person, edition),
        is_here=user is not None and user == request.user,
    )


def _goal(person: DemoPerson, edition: Edition, chosen: str) -> str:
    """The address of the try that was chosen; else of the first. Who may nowhere begins at home."""
    addresses = [address for _text, address in _tries(person, edition)]
    by_number = {str(number): address for number, address in enumerate(addresses)}
    if by_number.get(chosen):
        return by_number[chosen]
    first = next((address for address in addresses if address), "")
    may_somewhere = person.admission or person.role
    return first if first and may_somewhere else edition.get_absolute_url()


# The colours of the tracks, by what somebody comes for: taking part, reporting, running a stage, organising.
_COLOUR_OF_ROLE = {
    "attendee": 1,
    "press": 4,
    "moderator": 3,
    "director": 3,
    "organiser": 2,
    "press_officer": 4,
    "help_desk": 5,
    "observer": 7,
}


def _tries(person: DemoPerson, edition: Edition) -> list[tuple[str, str]]:
    return [(text, _address(name, person, edition)) for text, name in person.tries]


def _address(name: str, person: DemoPerson, edition: Edition) -> str:
    """The address of this name, whatever it takes: nothing, the edition, or a stage of it; "" where there is none."""
    stage = person.stage or "plenum"
    for arguments in _arguments(edition, stage):
        try:
            return reverse(name, kwargs=arguments)
        except NoReverseMatch:
            continue
    return ""


def _arguments(edition: Edition, stage: str) -> list[dict[str, Any]]:
    here = {"edition": edition.slug}
    return [{}, here, here | {"stage": stage}, here | {"slug": stage}]
