"""The programme for other programs: calendars (RFC 5545) and the frab format that conference apps read."""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard

from congress.models import Edition
from congress.outputs import ics_text
from programme.models import Session

PRODUCT = "-//IT-Planungsrat//Fachkongress//DE"
TIME_BETWEEN_LOOKS = timedelta(hours=1)
SLOT = timedelta(minutes=5)


# --- Calendars ------------------------------------------------------------------------------------


def calendar(edition: Edition, sessions: Iterable[Session]) -> bytes:
    """The sessions as a published calendar, in the language of the request."""
    feed = Calendar()
    feed.add("version", "2.0")
    feed.add("prodid", PRODUCT)
    feed.add("method", "PUBLISH")
    feed.add("x-wr-calname", _marked(edition, edition.title))
    feed.add("x-wr-timezone", edition.time_zone)
    feed.add("refresh-interval", TIME_BETWEEN_LOOKS, parameters={"VALUE": "DURATION"})
    feed.add("x-published-ttl", f"PT{TIME_BETWEEN_LOOKS // timedelta(hours=1)}H")
    for session in sessions:
        feed.add_component(_event(edition, session))
    _add_time_zone(feed, edition)
    return bytes(feed.to_ical())


def _event(edition: Edition, session: Session) -> Event:
    address = settings.SITE_URL + session.get_absolute_url()
    event = Event()
    # The row's number survives a new title, time or code, so that calendars move the entry and do not add one.
    event.add("uid", f"{edition.slug}-{session.pk}@{urlsplit(settings.SITE_URL).hostname}")
    event.add("dtstamp", session.changed_at)
    event.add("last-modified", session.changed_at)
    event.add("dtstart", edition.local(session.starts_at))
    event.add("dtend", edition.local(session.ends_at))
    event.add("summary", _marked(edition, _title(session)))
    event.add("location", _place(edition, session))
    event.add("description", ics_text(_description(session, address)))
    event.add("url", address)
    if session.track is not None:
        event.add("categories", [ics_text(session.track.name)])
    event.add("class", "PUBLIC")
    event.add("status", "CONFIRMED")
    event.add("transp", "OPAQUE")
    return event


def _title(session: Session) -> str:
    return _("%(title)s (example)") % {"title": session.title} if session.example else session.title


def _place(edition: Edition, session: Session) -> str:
    stage = session.stage.name if session.stage is not None else ""
    place = _("online") if edition.format == Edition.Format.VIRTUAL else edition.venue
    return ics_text(", ".join(filter(None, (stage, place))))


def _description(session: Session, address: str) -> str:
    people = "\n".join(
        ", ".join(filter(None, (speaker.display_name, speaker.role_line)))
        for speaker in session.speakers
    )
    return "\n\n".join(filter(None, (people, session.abstract, address)))


def _marked(edition: Edition, text: str) -> str:
    """An exercise is called one in people's calendars too; the demonstration is nothing else anyway."""
    if edition.practice and not settings.DEMO:
        text = _("EXERCISE: %(title)s") % {"title": text}
    return ics_text(text)


def _add_time_zone(feed: Calendar, edition: Edition) -> None:
    """Outlook wants rules that repeat, not the list of dates that the library would write."""
    if edition.time_zone != "Europe/Berlin":
        feed.add_missing_timezones(
            first_date=edition.starts_on - timedelta(days=366),
            last_date=edition.ends_on + timedelta(days=366),
        )
        return
    hour, two_hours = timedelta(hours=1), timedelta(hours=2)
    zone = Timezone()
    zone.add("tzid", edition.time_zone)
    for part, name, month, before, after, clock in (
        (TimezoneDaylight(), "CEST", 3, hour, two_hours, time(2)),
        (TimezoneStandard(), "CET", 10, two_hours, hour, time(3)),
    ):
        part.add("tzname", name)
        part.add("tzoffsetfrom", before)
        part.add("tzoffsetto", after)
        # The last Sunday of the month, since the rule of 1996.
        day = 31 if month == 3 else 27
        part.add("dtstart", datetime.combine(datetime(1996, month, day), clock))  # noqa: DTZ001 - local by RFC 5545
        part.add("rrule", {"freq": "yearly", "bymonth": month, "byday": "-1su"})
        zone.add_component(part)
    feed.subcomponents.insert(0, zone)


# --- frab -----------------------------------------------------------------------------------------


def schedule(edition: Edition, sessions: Iterable[Session]) -> dict[str, Any]:
    """`schedule.json`, in the language of the request."""
    rooms = [stage.name for stage in edition.stages.order_by("position", "pk")]
    return {
        "schedule": {
            "version": _version(sessions),
            "base_url": settings.SITE_URL + edition.get_absolute_url(),
            "conference": {
                "acronym": _acronym(edition),
                "title": _marked(edition, edition.title),
                "start": edition.starts_on.isoformat(),
                "end": edition.ends_on.isoformat(),
                "daysCount": len(edition.days),
                "timeslot_duration": _clock(SLOT),
                "time_zone_name": edition.time_zone,
                "rooms": [{"name": name} for name in rooms],
                "tracks": [
                    {"name": track.name, "slug": track.slug, "color": track.colour}
                    for track in edition.tracks.order_by("position", "pk")
                ],
                "days": _days(edition, sessions, rooms),
            },
        }
    }


def _days(edition: Edition, sessions: Iterable[Session], rooms: list[str]) -> list[dict[str, Any]]:
    by_day = {
        day: list(found)
        for day, found in groupby(sessions, key=lambda s: edition.local(s.starts_at).date())
    }
    days = []
    for index, day in enumerate(edition.days, start=1):
        found = by_day.get(day, [])
        midnight = datetime.combine(day, time(0), edition.zone)
        days.append(
            {
                "index": index,
                "date": day.isoformat(),
                "day_start": midnight.isoformat(),
                "day_end": datetime.combine(day, time(23, 59, 59), edition.zone).isoformat(),
                "rooms": {
                    room: [
                        _frab_event(edition, session)
                        for session in found
                        if session.stage is not None and session.stage.name == room
                    ]
                    for room in rooms
                },
            }
        )
    return days


def _frab_event(edition: Edition, session: Session) -> dict[str, Any]:
    start = edition.local(session.starts_at)
    address = settings.SITE_URL + session.get_absolute_url()
    return {
        "id": session.pk,
        "guid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{edition.slug}/{session.pk}")),
        "code": session.code,
        "slug": f"{edition.slug}-{session.code.lower()}",
        "url": address,
        "date": start.isoformat(),
        "start": f"{start:%H:%M}",
        "duration": _clock(session.duration),
        "room": ics_text(session.stage.name if session.stage is not None else ""),
        "title": _marked(edition, _title(session)),
        "subtitle": "",
        "type": str(session.get_kind_display()),
        "track": session.track.name if session.track is not None else "",
        "language": session.language,
        "abstract": ics_text(session.abstract),
        "description": "",
        "persons": [
            {"id": speaker.pk, "public_name": ics_text(speaker.display_name)}
            for speaker in session.speakers
        ],
        "links": [],
    }


def schedule_xml(edition: Edition, sessions: Iterable[Session]) -> bytes:
    """`schedule.xml`: the same facts, in the order that the format's schema wants."""
    facts = schedule(edition, sessions)["schedule"]
    conference = facts["conference"]
    root = ET.Element("schedule")
    _leaf(root, "version", facts["version"])
    about = ET.SubElement(root, "conference")
    for name in ("acronym", "title", "start", "end"):
        _leaf(about, name, conference[name])
    _leaf(about, "days", conference["daysCount"])
    _leaf(about, "timeslot_duration", conference["timeslot_duration"])
    _leaf(about, "base_url", facts["base_url"])
    _leaf(about, "time_zone_name", conference["time_zone_name"])
    for day in conference["days"]:
        day_node = ET.SubElement(
            root,
            "day",
            index=str(day["index"]),
            date=day["date"],
            start=day["day_start"],
            end=day["day_end"],
        )
        for name, events in day["rooms"].items():
            room_node = ET.SubElement(day_node, "room", name=name)
            for event in events:
                _event_node(room_node, event)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _event_node(room: ET.Element, event: dict[str, Any]) -> None:
    node = ET.SubElement(room, "event", guid=event["guid"], id=str(event["id"]))
    for name in ("room", "title", "subtitle", "type", "date", "start", "duration", "abstract"):
        _leaf(node, name, event[name])
    for name in ("slug", "track"):
        _leaf(node, name, event[name])
    persons = ET.SubElement(node, "persons")
    for person in event["persons"]:
        _leaf(persons, "person", person["public_name"]).set("id", str(person["id"]))
    for name in ("language", "description", "url"):
        _leaf(node, name, event[name])
    ET.SubElement(node, "links")


def _leaf(parent: ET.Element, name: str, value: object) -> ET.Element:
    leaf = ET.SubElement(parent, name)
    leaf.text = str(value)
    return leaf


def _acronym(edition: Edition) -> str:
    return f"fachkongress-{edition.slug}"


def _version(sessions: Iterable[Session]) -> str:
    """Changes with every change, so that apps know whether they have read it already."""
    last = max((session.changed_at for session in sessions), default=None)
    return f"{get_language() or 'de'} {last:%Y-%m-%dT%H:%M:%SZ}" if last else "0"


def _clock(length: timedelta) -> str:
    minutes = int(length.total_seconds()) // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"
