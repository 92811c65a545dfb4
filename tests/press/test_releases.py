"""Releases appear by the clock, an embargo holds to the moment, and nobody reads what is not out for them."""

import io
import threading
import uuid
import zipfile
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from congress.models import JournalEntry, Letter, Role
from press import actions, downloads, publishing
from press.models import PressFile, PressRelease
from tests.congress.test_uploads import PDF, photograph, picture
from tests.factories import make_admission, make_edition, make_role, set_clock
from tests.pdf import text_of
from tests.press.factories import make_accreditation, make_press_edition

pytestmark = pytest.mark.django_db

SOON = timedelta(hours=2)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def edition():
    return make_press_edition()


@pytest.fixture
def officer(edition):
    return make_role(Role.Kind.PRESS_OFFICER, edition).person


def make_release(edition, **fields):
    number = PressRelease.objects.of_edition(edition).count() + 1
    given = {"number": number, "title": f"Nachricht {number}", "body": "Ein **Text**."}
    return PressRelease.objects.create(edition=edition, **given | fields)


def make_file(edition, officer, release=None, content=None, **about):
    from congress.uploads import take

    brought = take(SimpleUploadedFile("x", content or picture()))
    given = {"title": "Halle", "credit": "Foto: Beispiel", "description": "Eine Halle"} | about
    return publishing.add_file(
        edition=edition,
        release=release,
        form_key=uuid.uuid4(),
        brought=brought,
        by=officer,
        now=edition.now(),
        **given,
    )


def of(name, edition, **more):
    return reverse(name, kwargs={"edition": edition.slug, **more})


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


def journalist(edition):
    return signed_in(make_admission(edition, kind="press").person)


# --- Who reads what, and when -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("published", "embargo", "seen_by"),
    [
        (None, None, {"officer"}),
        (MOMENT, None, {"officer"}),
        (timedelta(0), None, {"officer", "journalist", "attendee", "anonymous"}),
        (-SOON, MOMENT, {"officer", "journalist"}),
        (-SOON, timedelta(0), {"officer", "journalist", "attendee", "anonymous"}),
        (-2 * SOON, -SOON, {"officer", "journalist", "attendee", "anonymous"}),
    ],
    ids=["draft", "a moment early", "out", "embargo ends in a moment", "embargo ended", "long out"],
)
def test_a_release_is_read_from_its_moment_on_by_those_it_is_out_for(
    edition, officer, monkeypatch, published, embargo, seen_by
):
    now = edition.now()
    stop_the_clock(monkeypatch, now - edition.clock_shift)
    release = make_release(
        edition,
        published_at=None if published is None else now + published,
        embargo_until=None if embargo is None else now + embargo,
    )
    make_file(edition, officer, release)
    readers = {
        "officer": signed_in(officer),
        "journalist": journalist(edition),
        "attendee": signed_in(make_admission(edition).person),
        "anonymous": Client(),
    }

    for who, client in readers.items():
        answers = {
            client.get(of("release", edition, number=release.number)).status_code,
            client.get(of("release_pdf", edition, number=release.number)).status_code,
            client.get(release.files.get().get_absolute_url()).status_code,
            client.get(of("press_preview", edition, number=release.files.get().pk)).status_code,
        }
        assert answers == ({200} if who in seen_by else {404}), who
        listed = release.title in client.get(of("releases", edition)).content.decode()
        is_out = published is not None and published <= timedelta(0)
        assert listed == (who in seen_by and is_out), who


def stop_the_clock(monkeypatch, moment):
    from congress.models.database import StatementNow

    monkeypatch.setattr(StatementNow, "template", f"'{moment.isoformat()}'::timestamptz")


def test_of_another_edition_neither_release_nor_file_is_found(edition, officer):
    other = make_edition(slug="2030", year=2030, number=18)
    release = make_release(edition, published_at=edition.now() - SOON)
    file = make_file(edition, officer)

    assert Client().get(of("release", other, number=release.number)).status_code == 404
    assert (
        Client().get(of("press_file", other, number=file.pk, ending=file.kind)).status_code == 404
    )
    PressFile.objects.filter(pk=file.pk).update(
        release=make_release(other, published_at=other.now())
    )
    with pytest.raises(IntegrityError):
        connection.check_constraints()


def test_an_embargo_is_said_on_page_list_and_paper(edition):
    until = edition.now() + SOON
    release = make_release(edition, published_at=edition.now() - SOON, embargo_until=until)
    client = journalist(edition)

    for name, more in (("release", {"number": release.number}), ("releases", {}), ("press", {})):
        response = client.get(of(name, edition, **more))
        assert "Sperrfrist bis" in response.content.decode()
    assert "no-store" in client.get(of("release", edition, number=1))["Cache-Control"]
    assert "Sperrfrist bis" in text_of(client.get(of("release_pdf", edition, number=1)).content)


def test_what_is_written_is_shown_as_text_and_markdown_never_as_markup(edition):
    make_release(
        edition,
        title="<b>Fett</b>",
        teaser="<script>alert(1)</script>",
        body="## Teil\n\n**stark** <img src=x onerror=alert(1)> [böse](javascript:alert(1))\n\n- eins\n- zwei",
        contact="<i>Kim</i>",
        published_at=edition.now() - SOON,
    )

    page = Client().get(of("release", edition, number=1)).content.decode()
    paper = text_of(Client().get(of("release_pdf", edition, number=1)).content)

    assert "<b>Fett" not in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert 'href="javascript:' not in page
    assert "<strong>stark</strong>" in page
    for said in ("<b>Fett</b>", "stark", "eins", "<i>Kim</i>", "Teil"):
        assert said in paper


def test_a_release_may_be_only_a_link_to_where_it_stands(edition):
    address = "https://medienservice.example/news/1"
    make_release(edition, body="", elsewhere=address, published_at=edition.now() - SOON)

    assert f'href="{address}"' in Client().get(of("release", edition, number=1)).content.decode()
    with pytest.raises(IntegrityError), transaction.atomic():
        make_release(edition, body="", elsewhere="", published_at=edition.now())


# --- Writing ----------------------------------------------------------------------------------------------


def text(**changes):
    given = {"language": "de", "title": "Neues", "teaser": "", "body": "Text", "elsewhere": ""}
    return given | {"contact": "", "form_key": str(uuid.uuid4())} | changes


def test_from_a_draft_to_the_public_and_back(edition, officer):
    client = signed_in(officer)
    added = client.post(of("release_add", edition), text())
    page = added["Location"]
    assert (added.status_code, PressRelease.objects.get().published_at) == (303, None)

    client.post(page, {"act": "publish", "when": "now", "at": "", "embargo_until": ""})
    assert Client().get(of("release", edition, number=1)).status_code == 200

    client.post(page, {"act": "withhold"})
    assert Client().get(of("release", edition, number=1)).status_code == 404

    client.post(page, {"act": "throw_away"})
    assert not PressRelease.objects.exists()
    verbs = JournalEntry.objects.filter(actor=officer).order_by("pk").values_list("verb", flat=True)
    assert [verb.removeprefix("release.") for verb in verbs] == [
        "written",
        "published",
        "withheld",
        "thrown_away",
    ]


def test_the_same_form_sent_twice_is_one_release(edition, officer):
    client, given = signed_in(officer), text()

    answers = [client.post(of("release_add", edition), given) for _time in range(2)]

    assert len({answer["Location"] for answer in answers}) == 1
    assert PressRelease.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"when": "later", "at": ""}, "Bitte sagen Sie, wann sie erscheint."),
        ({"when": "now", "embargo_until": "2000-01-01T10:00"}, "Die Sperrfrist muss nach"),
        ({"when": "now", "embargo_until": "gestern"}, "gültig"),
        ({}, "Bitte wählen Sie, wann sie erscheint."),
    ],
)
def test_a_moment_that_cannot_be_is_refused_with_a_sentence(edition, officer, given, sentence):
    release = make_release(edition)

    page = signed_in(officer).post(
        of("orga_release", edition, number=release.number), {"act": "publish", **given}
    )

    assert sentence in page.content.decode()
    release.refresh_from_db()
    assert release.published_at is None


def test_without_a_text_nothing_is_published(edition, officer):
    make_release(edition, body="")

    page = signed_in(officer).post(
        of("orga_release", edition, number=1), {"act": "publish", "when": "now"}
    )

    assert "einen Text oder die Adresse" in page.content.decode()
    assert PressRelease.objects.get().published_at is None


def test_of_two_who_write_at_once_the_second_is_told_and_loses_nothing(edition, officer):
    make_release(edition)
    here = of("orga_release", edition, number=1)
    client = signed_in(officer)

    first = client.post(here, text(act="text", title="Die erste", version="1"))
    second = client.post(here, text(act="text", title="Die zweite", version="1"))

    assert (first.status_code, second.status_code) == (303, 200)
    page = second.content.decode()
    assert "inzwischen geändert" in page
    assert 'value="Die zweite"' in page
    assert PressRelease.objects.get().title == "Die erste"


def test_what_anybody_may_have_read_is_not_thrown_away(edition, officer):
    release = make_release(edition, published_at=edition.now() - SOON)

    page = signed_in(officer).post(of("orga_release", edition, number=1), {"act": "throw_away"})

    assert "zurückhalten" in page.content.decode()
    assert PressRelease.objects.filter(pk=release.pk).exists()
    assert not JournalEntry.objects.filter(verb="release.thrown_away").exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_begin_at_once_get_two_numbers(edition, officer):
    start, numbers = threading.Barrier(4), []

    def begin():
        try:
            start.wait()
            release = publishing.write(
                edition=edition,
                form_key=uuid.uuid4(),
                by=officer,
                now=edition.now(),
                title="Neues",
                body="Text",
            )
            numbers.append(release.number)
        finally:
            connection.close()

    threads = [threading.Thread(target=begin) for _thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(numbers) == [1, 2, 3, 4]


# --- By mail ----------------------------------------------------------------------------------------------


def accredited(edition, officer, **fields):
    accreditation = make_accreditation(edition, **fields)
    actions.approve(accreditation=accreditation, by=officer, now=edition.now())
    return accreditation


def mailed():
    return Letter.objects.filter(template="press/emails/release.md")


def test_who_asked_for_it_gets_each_release_once(edition, officer):
    wants = accredited(edition, officer, wants_releases=True, mailbox="a@rundschau.example")
    accredited(edition, officer, mailbox="b@rundschau.example")
    revoked = accredited(edition, officer, wants_releases=True, mailbox="c@rundschau.example")
    actions.revoke_access(accreditation=revoked, by=officer, now=edition.now())
    make_accreditation(edition, wants_releases=True, mailbox="d@rundschau.example")
    make_release(edition, published_at=edition.now() - SOON)
    make_release(edition, published_at=edition.now() - SOON, by_mail=False)
    make_release(edition, published_at=edition.now() + SOON)
    make_release(edition)

    assert [publishing.mail_due_releases() for _time in range(2)] == [1, 0]
    assert [letter.to for letter in mailed()] == [wants.mailbox]

    set_clock(edition, edition.now() + 2 * SOON)
    assert publishing.mail_due_releases() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_one_writes(edition, officer):
    accredited(edition, officer, wants_releases=True)
    make_release(edition, published_at=edition.now() - SOON)
    start, written = threading.Barrier(2), []

    def work():
        try:
            start.wait()
            written.append(publishing.mail_due_releases())
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _worker in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(written) == [0, 1]
    assert mailed().count() == 1


def test_the_letter_names_the_embargo_first_and_how_to_end_it(edition, officer):
    from congress import mail

    accredited(edition, officer, wants_releases=True)
    make_release(
        edition,
        published_at=edition.now() - SOON,
        embargo_until=edition.now() + SOON,
        teaser="Kurz.",
    )
    publishing.mail_due_releases()

    written = mail.render(mailed().get(), mint=False)

    assert written.subject.startswith("Sperrfrist ")
    assert "/presse/mitteilungen/1/" in written.body
    assert "/presse/akkreditierung/" in written.body


def test_a_journalist_asks_for_releases_and_ends_it_by_the_link_of_the_request(edition):
    from press import queries

    accreditation = make_accreditation(edition)
    here = of("accreditation_request", edition, token=queries.request_token(accreditation))

    for act, wanted in (("releases", True), ("releases", True), ("no_releases", False)):
        assert Client().post(here, {"act": act}).status_code == 303
        accreditation.refresh_from_db()
        assert accreditation.wants_releases is wanted
    assert JournalEntry.objects.filter(verb__startswith="accreditation.releases").count() == 2


# --- Files ------------------------------------------------------------------------------------------------


def sent(content, **changes):
    given = {"act": "file", "title": "Halle 1", "credit": "Foto: Kim", "description": "Eine Halle"}
    given |= {"caption": "", "terms": "", "embargo_until": "", "form_key": str(uuid.uuid4())}
    return given | {"file": SimpleUploadedFile("böse.exe", content)} | changes


def test_a_picture_is_kept_without_where_it_was_made_and_handed_out_to_be_kept(edition, officer):
    signed_in(officer).post(of("orga_press_kit", edition), sent(photograph()))

    (file,) = PressFile.objects.all()
    response = Client().get(file.get_absolute_url())
    content = b"".join(response.streaming_content)

    assert response["Content-Disposition"] == 'attachment; filename="halle-1.jpg"'
    assert b"Exif" not in content
    assert len(content) == file.size
    assert "exe" not in file.file.name
    assert default_storage.exists(file.preview.name)


def test_once_the_row_is_gone_its_files_are_too(
    edition, officer, django_capture_on_commit_callbacks
):
    file = make_file(edition, officer)
    names = (file.file.name, file.preview.name)

    with django_capture_on_commit_callbacks(execute=True):
        signed_in(officer).post(
            of("orga_press_kit", edition), {"act": "remove", "file": str(file.pk)}
        )

    assert not any(default_storage.exists(name) for name in names)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"credit": ""}, "wessen Bild es ist"),
        ({"description": ""}, "was auf dem Bild zu sehen ist"),
        ({"title": ""}, "einen Titel"),
        ({"file": SimpleUploadedFile("a.png", b"<html>")}, "Diese Datei passt nicht"),
        ({"file": SimpleUploadedFile("a.png", b"")}, "leer"),
        ({"file": ""}, "Bitte wählen Sie eine Datei"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_kept(edition, officer, changes, sentence):
    page = signed_in(officer).post(of("orga_press_kit", edition), sent(picture(), **changes))

    assert sentence in page.content.decode()
    assert not PressFile.objects.exists()


def test_a_paper_needs_no_credit(edition, officer):
    make_release(edition)

    signed_in(officer).post(
        of("orga_release", edition, number=1), sent(PDF, credit="", description="")
    )

    assert PressFile.objects.get().release == PressRelease.objects.get()


def test_the_same_file_form_sent_twice_is_one_file(edition, officer):
    client, key = signed_in(officer), str(uuid.uuid4())

    for _time in range(2):
        client.post(of("orga_press_kit", edition), sent(picture(), form_key=key))

    assert PressFile.objects.count() == 1


def test_of_the_kit_the_public_sees_what_is_under_embargo_afterwards(edition, officer):
    make_file(edition, officer, title="Offen")
    make_file(edition, officer, title="Gesperrt", embargo_until=edition.now() + SOON)

    def titles(client):
        page = client.get(of("press_kit", edition)).content.decode()
        return {title for title in ("Offen", "Gesperrt") if title in page}

    assert titles(Client()) == {"Offen"}
    assert titles(journalist(edition)) == {"Offen", "Gesperrt"}
    set_clock(edition, edition.now() + 2 * SOON)
    assert titles(Client()) == {"Offen", "Gesperrt"}


def test_all_pictures_come_in_one_file_with_their_captions(edition, officer):
    make_file(edition, officer, title="Bühne", caption="=SUMME(A1)", terms="honorarfrei")
    make_file(edition, officer, title="Gesperrt", embargo_until=edition.now() + SOON)
    make_file(edition, officer, content=PDF, title="Papier")

    response = Client().get(of("press_pictures", edition))
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))

    assert archive.namelist() == ["01-buhne.png", "bildtexte.csv"]
    table = archive.read("bildtexte.csv").decode("utf-8-sig")
    assert "'=SUMME(A1)" in table
    assert "honorarfrei" in table
    assert archive.testzip() is None


def test_without_pictures_there_is_no_file_of_them(edition):
    assert Client().get(of("press_pictures", edition)).status_code == 404


def test_downloads_are_counted_without_persons_and_a_get_writes_no_row(edition, officer):
    file = make_file(edition, officer)
    for method in ("get", "get", "head"):
        assert getattr(Client(), method)(file.get_absolute_url()).status_code == 200
    file.refresh_from_db()
    assert file.downloads == 0

    assert [downloads.write_down() for _time in range(2)] == [2, 0]
    file.refresh_from_db()
    assert file.downloads == 2


def test_lists_stay_at_a_constant_number_of_queries(
    edition, officer, django_assert_max_num_queries
):
    for _number in range(12):
        release = make_release(edition, published_at=edition.now() - SOON)
        make_file(edition, officer, release)
        make_file(edition, officer)
    client = signed_in(officer)

    for name in ("press", "releases", "press_kit", "orga_releases", "orga_press_kit"):
        client.get(of(name, edition))
        with django_assert_max_num_queries(14):
            client.get(of(name, edition))
