"""What journalists bring with their request: a card with its end, an editorial assignment, where they are from."""

import io
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from congress import retention
from congress.models import Role
from press import actions, queries
from press.models import Accreditation, Assignment
from tests.factories import make_role, set_clock
from tests.press.factories import answers, make_accreditation, make_approved, make_press_edition

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\nredaktioneller Auftrag"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def edition():
    return make_press_edition()


def form_of(edition):
    return f"/{edition.slug}/presse/akkreditierung/"


def file(content=PDF, name="auftrag.pdf"):
    return SimpleUploadedFile(name, content)


def on_disk(media):
    return sorted(path for path in media.rglob("*") if path.is_file())


def test_a_request_with_all_there_is(client, edition, media):
    sent = answers(
        country="Österreich",
        interests=["interview", "press_conference"],
        card_issuer="djv",
        card_number="A 123",
        card_valid_until="31.12.2021",
        assignment=file(),
    )

    assert client.post(form_of(edition), sent).status_code == 303

    row = Accreditation.objects.get()
    assert (row.country, row.interests) == ("Österreich", ["interview", "press_conference"])
    assert row.card_valid_until == date(2021, 12, 31)
    assert row.wishes == "Interviews, Pressekonferenz"
    assert (row.assignment.kind, row.assignment.size) == ("pdf", len(PDF))
    (path,) = on_disk(media)
    assert "auftrag" not in path.name
    assert path.read_bytes() == PDF


def test_an_assignment_is_a_proof(edition, client):
    client.post(form_of(edition), answers(assignment=file()))

    assert Accreditation.objects.get().has_proof


def test_the_same_form_twice_is_one_request_with_one_file(client, edition, media):
    key = "6d9c3f0a-2b57-4a0e-9a53-0f4d8a1f2077"
    for _ in range(2):
        client.post(form_of(edition), answers(key=key, assignment=file()))

    assert Accreditation.objects.count() == 1
    assert len(on_disk(media)) == 1


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"MZ\x90\x00", "auftrag.pdf", "Diese Datei passt nicht. Möglich sind"),
        (b"<html>", "auftrag.jpg", "Diese Datei passt nicht. Möglich sind"),
        (b"", "auftrag.pdf", "Diese Datei ist leer"),
        (b"%PDF-" + b"0" * 10_000_001, "auftrag.pdf", "höchstens 10 Megabyte"),
        (b"\xff\xd8\xffkein Bild", "auftrag.jpg", "lässt sich nicht lesen"),
    ],
)
def test_other_files_are_refused_by_their_content_and_nothing_typed_is_lost(
    client, edition, media, content, name, sentence
):
    page = client.post(form_of(edition), answers(assignment=file(content, name))).content.decode()

    assert sentence in page
    assert "noa.sander@rundschau.example" in page
    assert not Accreditation.objects.exists()
    assert on_disk(media) == []


def test_whoever_has_to_correct_something_else_is_told_about_the_file(client, edition, media):
    page = client.post(
        form_of(edition), answers(mailbox="kein", assignment=file())
    ).content.decode()

    assert "Bitte wählen Sie die Datei noch einmal aus" in page
    assert on_disk(media) == []


@pytest.mark.parametrize(
    "changes", [{"card_valid_until": "gestern"}, {"interests": ["geld"]}, {"country": "x" * 61}]
)
def test_bad_answers_are_refused(client, edition, changes):
    assert client.post(form_of(edition), answers(**changes)).status_code == 200
    assert not Accreditation.objects.exists()


def test_a_picture_comes_without_what_the_camera_added(client, edition, media):
    exif = Image.Exif()
    exif[0x010F] = "Kamera von Noa"
    made = io.BytesIO()
    Image.new("RGB", (20, 10), "white").save(made, "JPEG", exif=exif)
    assert b"Kamera von Noa" in made.getvalue()

    client.post(form_of(edition), answers(assignment=file(made.getvalue(), "a.jpg")))

    (path,) = on_disk(media)
    assert b"Kamera von Noa" not in path.read_bytes()


def test_it_may_follow_by_the_link_and_be_replaced(client, edition, media):
    row = make_accreditation(edition)
    link = f"/{edition.slug}/presse/akkreditierung/{queries.request_token(row)}/"
    for content in (PDF, PDF + b" neu"):
        assert client.post(link, {"act": "proof", "assignment": file(content)}).status_code == 303

    row.refresh_from_db()
    assert row.verified_at is not None
    assert Assignment.objects.get().size == len(PDF) + 4


# --- The desk ------------------------------------------------------------------------------------------------


def path_of(row):
    return f"/{row.edition.slug}/orga/presse/{row.pk}/nachweis/"


@pytest.fixture
def row(client, edition):
    client.post(form_of(edition), answers(assignment=file(), country="Polen"))
    return Accreditation.objects.get()


def test_the_desk_sees_it_beside_the_request_and_opens_it_safely(client, row):
    client.force_login(make_role(Role.Kind.PRESS_OFFICER, row.edition).person)

    case = client.get(f"/{row.edition.slug}/orga/presse/{row.pk}/").content.decode()
    answer = client.get(path_of(row))

    assert path_of(row) in case
    assert "Polen" in case
    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("kind", [Role.Kind.MODERATOR, Role.Kind.HELP_DESK, Role.Kind.OBSERVER])
def test_nobody_else_opens_it(client, row, kind):
    client.force_login(make_role(kind, row.edition).person)

    assert client.get(path_of(row)).status_code == 403


def test_the_desk_of_another_edition_does_not_find_it(client, row):
    other = make_press_edition(slug="2022", year=2022)
    client.force_login(make_role(Role.Kind.PRESS_OFFICER, other).person)

    assert client.get(path_of(row)).status_code == 404
    assert client.get(f"/2022/orga/presse/{row.pk}/nachweis/").status_code == 404


def test_an_expired_card_is_marked_and_refuses_nobody(client, edition):
    row = make_accreditation(
        edition, card_issuer="djv", card_number="A 1", card_valid_until=date(2020, 12, 31)
    )
    client.force_login(make_role(Role.Kind.PRESS_OFFICER, edition).person)

    assert "abgelaufen" in client.get(f"/{edition.slug}/orga/presse/{row.pk}/").content.decode()
    assert row.is_open


def test_it_is_erased_a_fortnight_after_the_decision(
    edition, media, django_capture_on_commit_callbacks
):
    row = make_accreditation(edition, card_valid_until=date(2021, 12, 31))
    actions._keep(_brought(), row, edition.now())
    officer = make_role(Role.Kind.PRESS_OFFICER, edition).person
    actions.approve(accreditation=row, by=officer, now=edition.now())
    row.refresh_from_db()
    waiting = make_approved(edition)

    set_clock(edition, row.decided_at + queries.PROOFS + timedelta(hours=1))
    with django_capture_on_commit_callbacks(execute=True):
        retention.erase_due()

    row = Accreditation.objects.get(pk=row.pk)
    assert not row.has_proof
    assert row.card_valid_until is None
    assert on_disk(media) == []
    assert Accreditation.objects.filter(pk=waiting.pk).exists()


def _brought():
    from congress.uploads import Brought

    return Brought(PDF, "pdf")
