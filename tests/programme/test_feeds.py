"""The programme as calendar and in the frab format."""

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from icalendar import Calendar

from tests.factories import NOW, make_edition, make_session, make_speaker, make_stage, make_track


@pytest.fixture
def edition():
    return make_edition(at=NOW)


def calendar_of(client, edition, address="programm.ics", language="") -> Calendar:
    response = client.get(f"{language}/{edition.slug}/{address}")
    assert response.status_code == 200
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    return Calendar.from_ical(response.content)


def write_past_the_door(session, title: str) -> None:
    """The fields refuse controls wherever a value comes from; a feed does not rely on it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE programme_session SET title_de = %s WHERE id = %s", [title, session.pk]
        )


def test_the_calendar_holds_every_session_and_no_break(client, edition):
    stage = make_stage(edition)
    make_session(stage, title_de="Erstes", starts_at=NOW)
    make_session(stage, title_de="Zweites", starts_at=NOW + timedelta(hours=1))
    make_session(edition=edition, kind="break", starts_at=NOW + timedelta(hours=2))
    make_session(title_de="Aus einer anderen Ausgabe")

    events = calendar_of(client, edition).walk("VEVENT")

    assert [str(event["SUMMARY"]) for event in events] == ["ÜBUNG: Erstes", "ÜBUNG: Zweites"]


def test_an_event_tells_when_where_who_and_what(client, edition, settings):
    session = make_session(
        make_stage(edition, name_de="Plenum"),
        code="A12",
        title_de="Daten; Register, und mehr",
        abstract_de="Erster Absatz.\n\nZweiter Absatz.",
        track=make_track(edition, name_de="Onlinezugangsgesetz"),
        starts_at=NOW,
        minutes=40,
    )
    make_speaker(
        session, first_name="Amrei", last_name="Sonnentag", function_de="", organisation="Amt"
    )

    (event,) = calendar_of(client, edition, "programm/A12.ics").walk("VEVENT")

    address = f"{settings.SITE_URL}/{edition.slug}/programm/A12/"
    assert event.start.isoformat() == "2021-03-18T10:00:00+01:00"
    assert event.end.isoformat() == "2021-03-18T10:40:00+01:00"
    assert str(event["SUMMARY"]) == "ÜBUNG: Daten; Register, und mehr"
    assert str(event["LOCATION"]) == "Plenum, MESSE Dresden"
    assert str(event["URL"]) == address
    assert str(event["DESCRIPTION"]) == (
        f"Amrei Sonnentag, Amt\n\nErster Absatz.\n\nZweiter Absatz.\n\n{address}"
    )
    assert event["CATEGORIES"].cats == ["Onlinezugangsgesetz"]


def test_the_calendar_speaks_the_language_of_its_address(client, edition):
    make_session(make_stage(edition), title_en="One for all")

    (event,) = calendar_of(client, edition, language="/en").walk("VEVENT")

    assert str(event["SUMMARY"]) == "EXERCISE: One for all"
    assert "/en/" in str(event["URL"])


def test_a_real_edition_is_not_called_an_exercise(client):
    edition = make_edition(slug="2021", practice=False)
    make_session(make_stage(edition), title_de="Ernst")

    (event,) = calendar_of(client, edition).walk("VEVENT")

    assert str(event["SUMMARY"]) == "Ernst"


def test_an_invented_session_is_called_an_example(client, edition):
    make_session(make_stage(edition), title_de="Erfunden", example=True)

    (event,) = calendar_of(client, edition).walk("VEVENT")

    assert str(event["SUMMARY"]) == "ÜBUNG: Erfunden (Beispiel)"


def test_an_event_keeps_its_identity_when_everything_else_changes(client, edition):
    session = make_session(make_stage(edition), code="A12")
    type(session).objects.update(changed_at=NOW)
    (before,) = calendar_of(client, edition).walk("VEVENT")
    session.code, session.title_de = "B1", "Ganz anders"
    session.starts_at += timedelta(hours=1)
    session.ends_at += timedelta(hours=1)
    session.save()

    (whole,) = calendar_of(client, edition).walk("VEVENT")
    (single,) = calendar_of(client, edition, "programm/B1.ics").walk("VEVENT")

    assert before["UID"] == whole["UID"] == single["UID"]
    assert before["DTSTAMP"].dt < whole["DTSTAMP"].dt


def test_sessions_of_two_editions_have_different_identities(client, edition):
    other = make_edition(at=NOW)
    for place in (edition, other):
        make_session(make_stage(place), code="A12")

    uids = {str(calendar_of(client, place).walk("VEVENT")[0]["UID"]) for place in (edition, other)}

    assert len(uids) == 2


def test_the_time_zone_is_written_as_rules_that_repeat(client, edition):
    make_session(make_stage(edition))

    body = client.get(f"/{edition.slug}/programm.ics").content.decode()

    zone = body[body.index("BEGIN:VTIMEZONE") : body.index("END:VTIMEZONE")]
    assert "TZID:Europe/Berlin" in zone
    assert "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3" in zone
    assert "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10" in zone
    assert "DTSTART;TZID=Europe/Berlin:20210318T100000" in body
    assert body.index("BEGIN:VTIMEZONE") < body.index("BEGIN:VEVENT")


@pytest.mark.parametrize(
    ("moment", "offset"),
    [
        (datetime(2021, 3, 28, 0, 59, tzinfo=UTC), "+01:00"),
        (datetime(2021, 3, 28, 1, 0, tzinfo=UTC), "+02:00"),
        (datetime(2021, 10, 31, 0, 59, tzinfo=UTC), "+02:00"),
        (datetime(2021, 10, 31, 2, 0, tzinfo=UTC), "+01:00"),
    ],
)
def test_the_written_rules_say_what_the_zone_says(client, edition, moment, offset):
    """Read with the calendar's own rules instead of the system's zone."""
    make_session(make_stage(edition), starts_at=moment)
    body = client.get(f"/{edition.slug}/programm.ics").content
    renamed = body.replace(b"Europe/Berlin", b"Zone of its own")

    (event,) = Calendar.from_ical(renamed).walk("VEVENT")

    assert event.start.isoformat().endswith(offset)


def test_another_zone_is_written_too(client):
    edition = make_edition(at=NOW, time_zone="Europe/Lisbon")
    make_session(make_stage(edition))

    calendar = calendar_of(client, edition)

    assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["Europe/Lisbon"]
    assert calendar.walk("VEVENT")[0].start.isoformat() == "2021-03-18T09:00:00+00:00"


def test_long_lines_are_folded_within_75_octets_and_end_in_crlf(client, edition):
    text = "Übermäßig große Straßenverkehrsämter – " * 40
    make_session(make_stage(edition), title_de=text[:200].strip(), abstract_de=text.strip())

    body = client.get(f"/{edition.slug}/programm.ics").content

    lines = body.split(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    assert b"\n" not in b"".join(lines)
    for line in lines:
        line.decode()  # no letter is cut in two
    (event,) = Calendar.from_ical(body).walk("VEVENT")
    assert text.strip() in str(event["DESCRIPTION"])


@pytest.mark.parametrize(
    "title", ["Eins\r\nBEGIN:VEVENT\r\nSUMMARY:Zwei", "Eins\nEND:VEVENT", "\x08Eins;,\\n:"]
)
def test_nobody_writes_a_second_event_into_a_title(client, edition, title):
    session = make_session(make_stage(edition))
    write_past_the_door(session, title)

    calendar = calendar_of(client, edition)

    assert len(calendar.walk("VEVENT")) == 1


def test_the_file_of_a_calendar_has_a_plain_name(client, edition):
    make_session(make_stage(edition), code="A12")

    names = [
        client.get(f"/{edition.slug}/{address}")["Content-Disposition"]
        for address in ("programm.ics", "programm/A12.ics")
    ]

    assert names == [
        f'attachment; filename="programm-{edition.slug}.ics"',
        f'attachment; filename="{edition.slug}-A12.ics"',
    ]


# --- frab ------------------------------------------------------------------------------------------


def test_schedule_json_lists_days_rooms_and_events(client, edition):
    stage, _empty = (
        make_stage(edition, position=1, name_de="Plenum"),
        make_stage(edition, position=2, name_de="Forum"),
    )
    session = make_session(stage, code="A12", title_de="Vortrag", starts_at=NOW, minutes=95)
    make_speaker(session, first_name="Amrei", last_name="Sonnentag")

    schedule = client.get(f"/{edition.slug}/schedule.json").json()["schedule"]

    conference = schedule["conference"]
    assert conference["acronym"] == f"fachkongress-{edition.slug}"
    assert (conference["start"], conference["end"]) == ("2021-03-17", "2021-03-18")
    assert [day["date"] for day in conference["days"]] == ["2021-03-17", "2021-03-18"]
    first, second = (day["rooms"] for day in conference["days"])
    assert first == {"Plenum": [], "Forum": []}
    assert second["Forum"] == []
    (event,) = second["Plenum"]
    assert event["date"] == "2021-03-18T10:00:00+01:00"
    assert (event["start"], event["duration"]) == ("10:00", "01:35")
    assert [person["public_name"] for person in event["persons"]] == ["Amrei Sonnentag"]


def test_schedule_xml_follows_the_schema_of_the_format(client, edition):
    """The order and presence of elements as in the schema of c3voc (validator/xsd/schedule.xml.xsd)."""
    stage = make_stage(edition)
    session = make_session(stage, title_de="Vortrag & <mehr>", track=make_track(edition))
    make_speaker(session)
    make_session(stage, starts_at=NOW + timedelta(hours=1))

    response = client.get(f"/{edition.slug}/schedule.xml")
    root = ET.fromstring(response.content)

    assert response["Content-Type"] == "application/xml; charset=utf-8"
    assert [node.tag for node in root] == ["version", "conference", "day", "day"]
    assert {node.tag for node in root.find("conference")} >= {"title", "acronym", "start", "days"}
    days = root.findall("day")
    assert [day.attrib["index"] for day in days] == ["1", "2"]
    events = root.findall("day/room/event")
    assert events[0].findtext("title") == "ÜBUNG: Vortrag & <mehr>"
    for event in events:
        tags = {node.tag for node in event}
        assert tags >= {"room", "title", "subtitle", "type", "date", "start", "duration"}
        assert tags >= {"abstract", "slug", "track", "persons", "language", "links"}
        assert re.fullmatch(r"\d{2}:\d{2}", event.findtext("start"))
        assert re.fullmatch(r"\d{2}:\d{2}", event.findtext("duration"))
        datetime.fromisoformat(event.findtext("date"))
    for attribute in ("guid", "id"):
        assert len({event.attrib[attribute] for event in events}) == 2
    assert len({event.findtext("slug") for event in events}) == 2


def test_schedule_xml_survives_controls_that_xml_cannot_carry(client, edition):
    session = make_session(make_stage(edition))
    write_past_the_door(session, "Ein\x0b Titel")

    root = ET.fromstring(client.get(f"/{edition.slug}/schedule.xml").content)

    assert root.findtext("day/room/event/title") == "ÜBUNG: Ein Titel"


@pytest.mark.parametrize("address", ["programm.ics", "schedule.json", "schedule.xml"])
def test_feeds_of_an_empty_programme_are_empty(client, edition, address):
    assert client.get(f"/{edition.slug}/{address}").status_code == 200


@pytest.mark.parametrize("address", ["programm.ics", "schedule.json", "schedule.xml"])
def test_feeds_take_the_same_queries_for_one_session_and_for_many(
    client, edition, django_assert_max_num_queries, address
):
    stage = make_stage(edition)
    make_speaker(make_session(stage))
    with django_assert_max_num_queries(5) as one:
        client.get(f"/{edition.slug}/{address}")

    for hour in range(1, 6):
        make_speaker(make_session(stage, starts_at=NOW + timedelta(hours=hour)))
    with django_assert_max_num_queries(5) as many:
        client.get(f"/{edition.slug}/{address}")

    assert len(one) == len(many)
