"""The congress as one entry of a calendar (RFC 5545), for the admission letter and for download."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from congress import outputs
from congress.models import Edition

CONTENT_TYPE = "text/calendar"


def congress_entry(edition: Edition, *, url: str, now: datetime) -> bytes:
    """Its days, whole: nobody's calendar is blocked, and the start stands in the text."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//IT-Planungsrat//Fachkongress//DE")
    calendar.add("method", "PUBLISH")
    event = Event()
    # The same entry in the letter and in the download: a calendar keeps one of them.
    event.add("uid", f"{edition.slug}@{urlsplit(settings.SITE_URL).hostname}")
    event.add("dtstamp", now)
    event.add("dtstart", edition.starts_on)
    event.add("dtend", edition.ends_on + timedelta(days=1))
    event.add("summary", _("EXERCISE: %s") % edition.title if edition.practice else edition.title)
    event.add(
        "location",
        _("online")
        if edition.format == Edition.Format.VIRTUAL
        else f"{edition.venue}, {edition.city}",
    )
    event.add(
        "description",
        _("Start on the first day: %(time)s") % {"time": f"{edition.opens_at:%H:%M}"} + f"\n{url}",
    )
    event.add("url", url)
    event.add("transp", "TRANSPARENT")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def filename(edition: Edition) -> str:
    return outputs.filename("fachkongress", edition.slug, ending="ics")
