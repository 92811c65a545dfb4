"""What is printed for people: badges and entry tickets, as PDF. Tokens come in as arguments and are kept nowhere."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from congress import pdf
from congress.models import Admission, Edition
from congress.templatetags.kern import at_clock, days_until, moment
from congress.text import sort_key
from registration import tickets
from registration.models import CheckIn, RegistrationSettings, Way

BADGES = "registration/typst/badges.typ"
TICKET = "registration/typst/ticket.typ"
PRESENT = "registration/typst/present.typ"
SHEET, ONE_A_PAGE = "sheet", "a6"


@dataclass(frozen=True)
class Badges:
    """The PDF, and whose badge could not be made: one bad name never costs the others theirs."""

    content: bytes
    left_out: list[Admission] = field(default_factory=list)


def badges(edition: Edition, tokens: Mapping[Admission, str], *, layout: str) -> Badges:
    """Badges in the order of the alphabet, as the stack is handed out. In German, as the hall is signed."""
    with translation.override("de"):
        people = sorted(tokens, key=lambda admission: _alphabetical(admission))
        cards = {admission: _card(admission, tokens[admission]) for admission in people}
        try:
            return Badges(_sheet(edition, cards.values(), layout))
        except pdf.CannotBePrinted:
            return _one_by_one(edition, cards, layout)


def _one_by_one(edition: Edition, cards: Mapping[Admission, dict[str, Any]], layout: str) -> Badges:
    """Each badge by itself: those that cannot be made, in plain letters; those that still cannot, left out."""
    good, left_out = [], []
    for admission, card in cards.items():
        plain = card | {name: _in_plain_letters(card[name]) for name in ("name", "body")}
        for attempt in (card, plain):
            try:
                _sheet(edition, [attempt], layout)
            except pdf.CannotBePrinted:
                continue
            good.append(attempt)
            break
        else:
            left_out.append(admission)
    return Badges(_sheet(edition, good, layout), left_out)


def _sheet(edition: Edition, cards: Iterable[dict[str, Any]], layout: str) -> bytes:
    data: dict[str, Any] = {
        **_about(edition),
        "title": _("Badges") + f" – {edition.title}",
        "layout": layout,
        "words": {"qr": _("QR code: the way to the stage"), "open": _("By phone to the stage")},
        "people": list(cards),
    }
    return pdf.make(BADGES, data, language="de")


def _card(admission: Admission, token: str) -> dict[str, Any]:
    person = admission.person
    way_in = reverse("access_link", kwargs={"token": token})
    return {
        "name": person.display_name,
        "body": person.body,
        "kind": admission.kind,
        "kind_label": str(admission.get_kind_display()),
        "qr": pdf.qr(f"{settings.SITE_URL}{way_in}"),
    }


def ticket(admission: Admission, way: Way, places: RegistrationSettings) -> bytes:
    """The entry ticket, in the language of the page it is fetched from: to the hall, or to the stages on the net."""
    edition, person = admission.edition, admission.person
    on_site = way == Way.ONSITE
    link = f"{settings.SITE_URL}{edition.get_absolute_url()}live/"
    data: dict[str, Any] = {
        **_about(edition),
        "title": _("Entry ticket") + f" – {edition.title}",
        "heading": _("Entry ticket"),
        "name": person.display_name,
        "qr": pdf.qr(tickets.address_of(admission) if on_site else link),
        "rows": [
            row
            for row in (
                (_("When"), _when(edition)),
                *(_way_there(edition, places) if on_site else [(_("Where"), link)]),
                (_("As"), str(admission.get_kind_display())),
                (_("Way of taking part"), str(way.label)),
                (_("From"), person.body),
            )
            if row[1]
        ],
        "words": {
            **(_words_on_site() if on_site else _words_online()),
            "help": _help(edition),
        },
    }
    language = "en" if (translation.get_language() or "de").startswith("en") else "de"
    return pdf.make(TICKET, data, language=language)


def _way_there(edition: Edition, places: RegistrationSettings) -> list[tuple[str, str]]:
    """Address, door and time, as far as the organisers have said."""
    place = ", ".join(filter(None, (edition.venue, places.venue_address or edition.city)))
    doors = places.doors_open_at
    return [
        (_("Where"), place),
        (_("Entrance"), places.entrance),
        (
            _("Doors open"),
            _("from %(time)s, every day") % {"time": f"{doors:%H:%M}"} if doors else "",
        ),
    ]


def _words_on_site() -> dict[str, str]:
    return {
        "qr": _("QR code for the entrance"),
        "show": _("Please show this code at the entrance, printed or on your phone."),
        "personal": _("The ticket is meant for you alone. You get your badge at the entrance."),
    }


def _words_online() -> dict[str, str]:
    return {
        "qr": _("QR code for the page of the stages"),
        "show": _("This code leads to the stages: watch, vote and ask from there."),
        "personal": _("You log in with a code that we send to your address, without a password."),
    }


def _about(edition: Edition) -> dict[str, str]:
    name = _("Fachkongress %(year)s") % {"year": edition.year}
    return {
        "congress": _("EXERCISE: %s") % name if edition.practice else name,
        "congress_title": edition.title,
        "where": f"{days_until(edition.starts_on, edition.ends_on)} · {edition.venue}, {edition.city}",
        "accent": edition.accent,
    }


def _when(edition: Edition) -> str:
    start = _("start on the first day: %(time)s") % {"time": f"{edition.opens_at:%H:%M}"}
    return f"{days_until(edition.starts_on, edition.ends_on)} ({start})"


def _help(edition: Edition) -> str:
    ways = " · ".join(filter(None, (edition.help_phone, edition.help_email)))
    return _("Questions? Help desk: %(ways)s") % {"ways": ways} if ways else ""


def _alphabetical(admission: Admission) -> tuple[str, str, int]:
    person = admission.person
    return sort_key(person.last_name), sort_key(person.first_name), admission.pk


def _in_plain_letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain if letter.isprintable()).strip() or pdf.UNKNOWN


def present(edition: Edition, rows: Iterable[CheckIn], now: datetime) -> bytes:
    """Who is in the building: to be ticked off outside."""
    with translation.override("de"):
        people = [
            [
                row.admission.person.last_name or row.admission.person.display_name,
                row.admission.person.first_name,
                row.admission.person.body,
                at_clock(row.at),
            ]
            for row in rows
        ]
        people.sort(key=lambda entry: (sort_key(entry[0]), sort_key(entry[1])))
        data: dict[str, Any] = {
            **_about(edition),
            "title": _("Present") + f" – {edition.title}",
            "heading": _("Present on %(moment)s") % {"moment": moment(now)},
            "sum": ngettext("%(n)d person", "%(n)d people", len(people)) % {"n": len(people)},
            "header": [_("Name"), _("Authority or institution"), _("Since"), _("Outside")],
            "people": people,
            "page": _("Page"),
        }
        return pdf.make(PRESENT, data, language="de")
