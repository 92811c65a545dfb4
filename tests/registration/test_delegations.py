"""Colleagues are invited by a list, each row told before anything is sent; each of them answers for themselves."""

import io
import re
import threading
import uuid
from datetime import timedelta
from functools import partial

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import Workbook

from congress import mail, retention
from congress.models import Admission, JournalEntry, Letter, User
from registration import actions, colleagues, emails_inviting
from registration.colleagues import Fate
from registration.models import Delegate, Delegation, Registration
from tests.factories import make_admission, make_edition, make_role, make_user, set_clock
from tests.registration.making import OPEN, letters, make_invitation, make_registration

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rules")]
PAGE = "/2021/meine-anmeldung/kolleginnen/"
ANSWER = "/2021/anmeldung/zusage/"
PASTED = """\
Nele Brandt <nele.brandt@stadt-musterhausen.example>
Aksoy, Cem; cem.aksoy@zweckverband.example
nele.brandt@stadt-musterhausen.example Nele Brandt
ohne-adresse
"""


@pytest.fixture
def contact(edition):
    person = make_user(
        email="kim.albers@stadt-musterhausen.example",
        first_name="Kim",
        last_name="Albers",
        body="Stadt Musterhausen",
    )
    return make_admission(edition, person=person, granted_at=OPEN - timedelta(days=9)).person


def sign_in(client, person):
    client.force_login(person, backend="congress.auth.RoleBackend")


def rows_of(text, edition, *, contact=None, invitation=None):
    return colleagues.judged(
        colleagues.read_pasted(text),
        edition=edition,
        delegation=actions.delegation_of(edition, contact=contact, invitation=invitation),
        invitation=invitation,
        own_mailbox=contact.email if contact else "",
    )


def invite(edition, text, *, contact=None, invitation=None, form_key=None):
    rows = rows_of(text, edition, contact=contact, invitation=invitation)
    return actions.invite_colleagues(
        edition=edition,
        now=edition.now(),
        form_key=form_key or uuid.uuid4(),
        language="de",
        colleagues=[row for row in rows if row.is_sent or row.fate == Fate.AGAIN],
        contact=contact,
        invitation=invitation,
    )


def invited(edition, contact, address="nele.brandt@stadt-musterhausen.example"):
    invite(edition, f"Nele Brandt <{address}>", contact=contact)
    return Delegate.objects.with_delegation().get(email=address)


def accept(row, **fields):
    given = {
        "title": "",
        "first_name": row.first_name,
        "last_name": row.last_name,
        "body": row.body,
    }
    return actions.accept(
        row=row, now=row.edition.now(), language="de", privacy_version="1", **given | fields
    )


def path_of(row):
    return emails_inviting.delegate_url(row).removeprefix("http://testserver")


def workbook(*rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


# --- Reading --------------------------------------------------------------------------------------------


def test_every_row_is_told_its_fate(edition, contact):
    rows = rows_of(PASTED + "kim.albers@stadt-musterhausen.example\n", edition, contact=contact)

    assert [(row.line, row.fate, row.why) for row in rows] == [
        (1, Fate.INVITED, ""),
        (2, Fate.REVIEWED, ""),
        (3, Fate.TWICE, "wie in Zeile 1"),
        (4, Fate.BAD, rows[3].why),
        (5, Fate.BAD, "Das ist Ihre eigene Adresse."),
    ]
    assert "E-Mail-Adresse" in rows[3].why
    assert [row.name for row in rows[:2]] == ["Nele Brandt", "Cem Aksoy"]


@pytest.mark.parametrize(
    "line",
    [
        "Kim Vogt <kim.vogt@stadt-musterhausen.example>",
        '"Vogt, Kim" <kim.vogt@stadt-musterhausen.example>;',
        "Kim\tVogt\tkim.vogt@stadt-musterhausen.example",
        "Kim;Vogt;kim.vogt@stadt-musterhausen.example",
        "Kim Vogt kim.vogt@stadt-musterhausen.example",
        "Vorname;Nachname;E-Mail\r\nKim;Vogt;kim.vogt@stadt-musterhausen.example",
        "Name\tVorname\tMail\nVogt\tKim\tkim.vogt@stadt-musterhausen.example",
    ],
)
def test_lists_are_read_as_people_paste_them(line):
    (row,) = colleagues.read_pasted(line)

    assert (row.first_name, row.last_name, row.email, row.why) == (
        "Kim",
        "Vogt",
        "kim.vogt@stadt-musterhausen.example",
        "",
    )


def test_several_addresses_in_a_line_are_several_colleagues():
    rows = colleagues.read_pasted(
        "Kim V <a@b.example>; Ida L <c@d.example>\ne@f.example, g@h.example"
    )

    assert [(row.line, row.name, row.email) for row in rows] == [
        (1, "Kim V", "a@b.example"),
        (1, "Ida L", "c@d.example"),
        (2, "", "e@f.example"),
        (2, "", "g@h.example"),
    ]


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_list_comes_back_as_it_was_read(language):
    from django.utils.translation import override

    rows = colleagues.read_pasted(PASTED)

    with override(language):
        again = colleagues.read_pasted(colleagues.as_text(rows))

    assert [(row.email, row.name, row.fate) for row in again] == [
        (row.email, row.name, row.fate) for row in rows
    ]


def test_a_workbook_of_excel_is_read_and_a_formula_is_told_with_its_line():
    content = workbook(
        ["Titel", "Vorname", "Nachname", "E-Mail", "Telefon"],
        ["Dr.", "Ida", "Lüdtke", "ida.luedtke@stadt-musterhausen.example", "0"],
        ["", "=1+1", "Kolbe", "sven.kolbe@stadt-musterhausen.example", ""],
        ["", "Ö" * 81, "Lang", "lang@stadt-musterhausen.example", ""],
    )

    rows = colleagues.read_file(content)

    assert [(row.line, row.name, row.fate) for row in rows[:2]] == [
        (2, "Dr. Ida Lüdtke", Fate.INVITED),
        (3, "=1+1 Kolbe", Fate.BAD),
    ]
    assert "Formel" in rows[1].why
    assert rows[2].fate == Fate.BAD
    assert "80" in rows[2].why


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "leer"),
        (b"Vorname;Nachname\nKim;Vogt\n", "Spalte email"),
        (b"E-Mail;Mail\na@b.example;c@d.example\n", "doppelt"),
        ("E-Mail\nä@b.example\n".encode("utf-16"), None),
        (b"E-Mail\n\x81\x8d\x8f@b.example\n", "Windows-1252"),
        (b"E-Mail\n" + b"a@b.example\n" * 100_000, "mehr als 200"),
        (b"%PDF-1.7", "keine Tabelle"),
        (b"PK\x03\x04 no workbook", "Arbeitsmappe"),
    ],
)
def test_files_that_cannot_be_read_say_why(client, edition, contact, content, why):
    sign_in(client, contact)

    file = SimpleUploadedFile("liste.csv", content)
    page = client.post(PAGE, {"file": file, "language": "de"}).content.decode()

    assert (why in page) if why else ("Zeile für Zeile" in page)
    assert not Delegate.objects.exists()


def test_two_hundred_rows_are_judged_in_as_many_queries_as_two(edition, contact):
    def counted(rows):
        text = "\n".join(f"n{number}@amt-{number}.example" for number in range(rows))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(rows_of(text, edition, contact=contact)) == rows
        return len(queries)

    assert counted(200) == counted(2) <= 4


# --- Inviting -------------------------------------------------------------------------------------------


def test_each_colleague_gets_a_letter_with_a_link(edition, contact):
    assert invite(edition, PASTED, contact=contact) == 2

    first, second = letters("delegate")
    assert {first.to, second.to} == {
        "nele.brandt@stadt-musterhausen.example",
        "cem.aksoy@zweckverband.example",
    }
    row = Delegate.objects.get(email=first.to)
    body = mail.render(first, mint=True).body
    assert emails_inviting.delegate_url(row) in body
    assert "Kim Albers" in body
    delegation = Delegation.objects.get()
    assert (delegation.invited, delegation.confirmed, delegation.left) == (2, 0, 198)
    entry = JournalEntry.objects.get(verb="delegation.invited")
    assert (entry.actor, entry.details) == (contact, {"count": 2})


def test_the_same_form_twice_invites_once(edition, contact):
    key = uuid.uuid4()

    assert invite(edition, PASTED, contact=contact, form_key=key) == 2
    assert invite(edition, PASTED, contact=contact, form_key=key) == 2

    assert Delegation.objects.get().invited == len(letters("delegate")) == 2


def test_whoever_was_invited_is_not_invited_again_also_after_the_answer(edition, contact):
    accept(invited(edition, contact))

    rows = rows_of(PASTED, edition, contact=contact)

    assert rows[0].fate == Fate.AGAIN
    with pytest.raises(actions.NobodyToInvite):
        invite(edition, "Nele Brandt <nele.brandt@stadt-musterhausen.example>", contact=contact)


def test_nobody_is_told_who_is_registered(edition, contact):
    make_registration(edition, email="da@stadt-musterhausen.example", state="admitted")

    text = "da@stadt-musterhausen.example\nnicht.da@stadt-musterhausen.example"
    rows = rows_of(text, edition, contact=contact)

    assert [row.fate for row in rows] == [Fate.INVITED, Fate.INVITED]


def test_all_are_invited_or_none(edition, contact):
    Delegation.objects.create(edition=edition, contact=contact, invited=199)

    with pytest.raises(actions.NoRoomForSoMany) as refusal:
        invite(edition, "a@b.example\nc@d.example", contact=contact)

    assert "1 Person" in str(refusal.value.message)
    assert not Delegate.objects.exists()
    assert not letters("delegate")


def test_one_mailbox_is_not_flooded(edition, contact):
    for number in range(5):
        other = make_admission(edition).person
        invite(edition, f"P{number} X <poststelle@b.example>", contact=other)

    with pytest.raises(actions.TooManyLetters):
        invite(edition, "Kim V <poststelle@b.example>\nc@d.example", contact=contact)

    assert not Delegate.objects.filter(email="c@d.example").exists()


@pytest.mark.parametrize("kind", ["press", "rehearsal", None])
def test_whoever_is_not_admitted_to_take_part_invites_nobody(edition, kind):
    person = make_admission(edition, kind=kind).person if kind else make_user()

    with pytest.raises(actions.MayNotDelegate):
        invite(edition, "a@b.example", contact=person)


def test_nobody_is_invited_once_registration_is_closed(edition, contact):
    set_clock(edition, edition.registration_closes_at)

    with pytest.raises(actions.RegistrationClosed):
        invite(edition, "a@b.example", contact=contact)


@pytest.mark.django_db(transaction=True)
def test_two_lists_at_once_never_exceed_the_two_hundred(edition, contact):
    Delegation.objects.create(edition=edition, contact=contact, invited=199)
    results = []

    def send(text):
        try:
            results.append(invite(edition, text, contact=contact))
        except actions.NoRoomForSoMany:
            results.append(0)
        finally:
            connection.close()

    threads = [threading.Thread(target=partial(send, f"p{n}@b.example")) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == [0, 0, 0, 0, 0, 1]
    assert Delegation.objects.get().invited == 200
    assert Delegate.objects.count() == len(letters("delegate")) == 1


def test_the_reminder_goes_once_and_not_on_the_first_day(edition, contact):
    row = invited(edition, contact)
    delegation = row.delegation
    with pytest.raises(actions.NobodyToRemind):
        actions.remind_colleagues(delegation=delegation, now=edition.now())
    later = edition.now() + timedelta(days=1)

    assert actions.remind_colleagues(delegation=delegation, now=later) == 1

    (letter,) = letters("delegate_reminded")
    assert emails_inviting.delegate_url(row) in mail.render(letter, mint=True).body
    with pytest.raises(actions.NobodyToRemind):
        actions.remind_colleagues(delegation=delegation, now=later + timedelta(days=3))


def test_what_is_taken_back_is_forgotten_with_its_letter_and_its_link(client, edition, contact):
    row = invited(edition, contact)
    path = path_of(row)

    actions.take_back(row=row, now=edition.now())

    assert not Delegate.objects.exists()
    assert not Letter.objects.filter(to=row.email).exists()
    assert client.get(path).status_code == 410
    delegation = Delegation.objects.get()
    assert (delegation.invited, delegation.ended) == (1, 1)


# --- Answering ------------------------------------------------------------------------------------------


def test_a_listed_colleague_who_accepts_is_admitted_and_the_delegation_forgets_them(
    edition, contact
):
    row = invited(edition, contact)

    accepted = accept(row, title="Dr.")

    registration = accepted.verified.registration
    assert registration.state == Registration.State.ADMITTED
    assert registration.person.display_name == "Dr. Nele Brandt"
    assert registration.body == "Stadt Musterhausen"
    assert accepted.signs_in
    row.refresh_from_db()
    assert (row.email, row.first_name, row.email_key) == ("", "", "")
    assert Delegation.objects.get().confirmed == 1
    assert Admission.objects.in_force().filter(person=registration.person).exists()
    with pytest.raises(actions.AlreadyAnswered):
        accept(row)


def test_somebody_else_who_accepts_is_looked_at_by_a_person(edition, contact):
    row = invited(edition, contact, "nele.brandt@zweckverband.example")

    registration = accept(row).verified.registration

    assert registration.state == Registration.State.IN_REVIEW


def test_whoever_has_an_account_is_registered_and_signs_in_as_ever(client, edition, contact):
    make_user(email="nele.brandt@stadt-musterhausen.example", first_name="Nele", last_name="Brandt")
    row = invited(edition, contact)
    client.post(path_of(row))

    response = client.post(ANSWER, {**_form(row), "privacy": "on"}, follow=True)

    assert Registration.objects.get().state == Registration.State.ADMITTED
    assert "_auth_user_id" not in client.session
    assert "/konto/" in response.redirect_chain[-1][0]


def test_whoever_is_registered_already_changes_nothing(client, edition, contact):
    make_registration(
        edition,
        email="nele.brandt@stadt-musterhausen.example",
        first_name="Nele",
        last_name="Brandt",
        state="admitted",
    )
    row = invited(edition, contact)
    client.post(path_of(row))

    client.post(ANSWER, {**_form(row), "privacy": "on"})

    assert Registration.objects.count() == 1
    assert "_auth_user_id" not in client.session
    assert Delegation.objects.get().confirmed == 1


def test_two_who_share_a_mailbox_each_get_a_personal_link(edition, contact):
    text = "Ada Eins <poststelle@stadt-musterhausen.example>\nBo Zwei <poststelle@stadt-musterhausen.example>"
    assert invite(edition, text, contact=contact) == 2

    links = [accept(row).verified.link for row in Delegate.objects.with_delegation()]

    assert len({link.person for link in links}) == 2
    assert not User.objects.filter(email="poststelle@stadt-musterhausen.example").exists()


def test_who_declines_is_forgotten_at_once(client, edition, contact):
    row = invited(edition, contact)
    client.post(path_of(row))

    response = client.post(ANSWER, {"no": "1"}, follow=True)

    assert "gelöscht" in response.content.decode()
    assert not Delegate.objects.exists()
    assert not Letter.objects.filter(to=row.email).exists()
    assert not Registration.objects.exists()
    assert JournalEntry.objects.filter(verb="delegation.declined").exists()


def test_the_link_ends_after_fourteen_days(client, edition, contact):
    row = invited(edition, contact)
    Delegate.objects.update(invited_at=edition.now() - Delegate.LIFETIME)
    row.refresh_from_db()

    assert client.get(path_of(row)).status_code == 410
    with pytest.raises(actions.AlreadyAnswered):
        accept(row)
    assert not Registration.objects.exists()


# --- By the invitation of a body ------------------------------------------------------------------------


def test_colleagues_of_an_invited_body_come_by_its_invitation_while_it_holds(edition):
    invitation = make_invitation(edition, kind="body", body="Amt Fern", uses_max=1)
    rows = rows_of("a@fern.example\nb@fern.example", edition, invitation=invitation)
    assert [row.fate for row in rows] == [Fate.INVITED, Fate.REVIEWED]
    invite(edition, "Ada A <a@fern.example>\nBo B <b@fern.example>", invitation=invitation)

    states = [
        accept(Delegate.objects.with_delegation().get(pk=pk)).verified.registration.state
        for pk in Delegate.objects.order_by("email").values_list("pk", flat=True)
    ]

    assert states == ["admitted", "in_review"]
    assert Delegation.objects.get().whose == "Amt Fern"


def test_who_opened_the_invitation_of_a_body_invites_by_name(client, edition):
    invitation = make_invitation(edition, kind="body", code="AAAABBBBCCCC", uses_max=3)
    page = "/2021/einladung/kolleginnen/"
    assert client.get(page).status_code == 303
    client.post("/2021/einladung/", {"invitation_code": "AAAABBBBCCCC"})

    assert "3 Personen" in client.get(page).content.decode()
    client.post(page, {"pasted": "a@fern.example", "language": "de", "act": "send"})

    assert Delegate.objects.get().delegation.invitation == invitation


def test_whoever_else_holds_the_invitation_does_not_see_whom_somebody_has_named(client, edition):
    make_invitation(edition, kind="body", code="AAAABBBBCCCC", uses_max=3)
    page = "/2021/einladung/kolleginnen/"
    client.post("/2021/einladung/", {"invitation_code": "AAAABBBBCCCC"})
    client.post(page, {"pasted": "a@fern.example", "language": "de", "act": "send"})
    assert "a@fern.example" in client.get(page).content.decode()
    row = Delegate.objects.get()
    Delegate.objects.update(invited_at=edition.now() - timedelta(days=2))

    other = Client()
    other.post("/2021/einladung/", {"invitation_code": "AAAABBBBCCCC"})
    assert "a@fern.example" not in other.get(page).content.decode()
    other.post(page, {"act": "take_back", "number": row.pk})
    other.post(page, {"act": "remind"})

    assert Delegate.objects.filter(pk=row.pk, reminded_at=None).exists()
    client.post(page, {"act": "remind"})
    assert len(letters("delegate_reminded")) == 1
    client.post(page, {"act": "take_back", "number": row.pk})
    assert not Delegate.objects.exists()


# --- Pages ----------------------------------------------------------------------------------------------


def _form(row):
    return {"first_name": row.first_name, "last_name": row.last_name, "body": row.body}


def test_from_the_list_to_the_preview_to_the_letters(client, edition, contact):
    sign_in(client, contact)

    page = client.post(PAGE, {"pasted": PASTED, "language": "en"}).content.decode()

    for text in (
        "Noch ist nichts gesendet",
        "2 Mails senden",
        "wie in Zeile 1",
        "ein Mensch prüft",
    ):
        assert text in page
    assert not Delegate.objects.exists()
    form = page[page.index('<input type="hidden" name="pasted"') :].partition("</form>")[0]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    response = client.post(PAGE, {**hidden, "act": "send"}, follow=True)
    assert "2 Mails sind unterwegs." in response.content.decode()
    assert {letter.language for letter in letters("delegate")} == {"en"}
    again = client.post(PAGE, {**hidden, "act": "send"}, follow=True)
    assert again.status_code == 200
    assert Delegate.objects.count() == 2


def test_the_list_can_be_changed_after_the_preview(client, edition, contact):
    sign_in(client, contact)

    page = client.post(PAGE, {"pasted": "A;B", "language": "en", "act": "edit"}).content.decode()

    assert ">\nA;B</textarea>" in page
    assert not Delegate.objects.exists()


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "mindestens eine Person"),
        ({"pasted": "a@b.example", "file": True}, "nicht beides"),
        ({"pasted": "x" * 200_001}, "höchstens"),
        ({"pasted": "\n".join(f"a{n}@b.example" for n in range(201))}, "höchstens 200"),
        ({"pasted": "a@b.example\x00"}, "Zeichen"),
    ],
)
def test_what_cannot_be_read_is_said_at_its_field(client, edition, contact, fields, why):
    sign_in(client, contact)
    if fields.get("file"):
        fields = {**fields, "file": SimpleUploadedFile("l.csv", b"E-Mail\na@b.example\n")}

    page = client.post(PAGE, {"language": "de", **fields}).content.decode()

    assert why in page
    assert "fk-summary" in page


def test_the_page_shows_who_has_not_answered_in_as_many_queries_for_one_as_for_many(
    client, edition, contact
):
    sign_in(client, contact)
    invite(edition, "Ada A <a@b.example>", contact=contact)
    client.get(PAGE)

    def counted():
        with CaptureQueriesContext(connection) as queries:
            page = client.get(PAGE).content.decode()
        return len(queries), page

    one, page = counted()
    assert "a@b.example" in page
    invite(edition, "\n".join(f"p{n}@b{n}.example" for n in range(30)), contact=contact)
    many, page = counted()
    assert "p29@b29.example" in page
    assert one == many


def test_the_contact_person_reminds_and_takes_back_on_the_page(client, edition, contact):
    sign_in(client, contact)
    row = invited(edition, contact)
    Delegate.objects.update(invited_at=edition.now() - timedelta(days=2))

    assert "1 Person erinnern" in client.get(PAGE).content.decode()
    client.post(PAGE, {"act": "remind"})
    assert len(letters("delegate_reminded")) == 1
    client.post(PAGE, {"act": "take_back", "number": row.pk})
    assert not Delegate.objects.exists()
    for number in (row.pk, "x", "9" * 30, ""):
        response = client.post(PAGE, {"act": "take_back", "number": number}, follow=True)
        assert "zurückgenommen oder abgelaufen" in response.content.decode()


def test_nobody_takes_back_what_somebody_else_invited(client, edition, contact):
    row = invited(edition, contact)
    other = make_admission(edition).person
    invite(edition, "a@b.example", contact=other)
    sign_in(client, other)

    client.post(PAGE, {"act": "take_back", "number": row.pk})

    assert Delegate.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    ("kind", "status"), [("attendee", 200), ("speaker", 200), ("press", 403), (None, 404)]
)
def test_who_sees_the_page(client, edition, kind, status):
    sign_in(client, make_admission(edition, kind=kind).person if kind else make_user())

    assert client.get(PAGE).status_code == status


def test_a_role_alone_brings_nobody_along(client, edition):
    assert client.get(PAGE).status_code == 302
    sign_in(client, make_role("organiser", edition).person)

    assert client.get(PAGE).status_code == 403


def test_looking_at_the_link_shows_no_name_and_changes_nothing(client, edition, contact):
    path = path_of(invited(edition, contact))

    for method in (client.get, client.head, client.options):
        response = method(path)
        assert response.status_code == 200
        assert response["Cache-Control"] == "no-store"
    page = client.get(path).content.decode()
    assert "Brandt" not in page
    assert "Albers" not in page
    assert "delegate" not in client.session


def test_links_cut_off_forged_or_of_another_edition_open_nothing(client, edition, contact):
    path = path_of(invited(edition, contact))
    there = make_edition(at=OPEN)
    elsewhere = path.replace("/2021/", f"/{there.slug}/")
    forged = path.replace(path.split("_")[1][10:14], "0000")

    assert client.post(path[:-3] + "/").status_code == 404
    assert client.post(forged).status_code in (404, 410)
    assert client.post(elsewhere).status_code == 410
    assert "delegate" not in client.session


def test_the_colleague_sees_who_suggested_them_corrects_and_is_in(client, edition, contact):
    row = invited(edition, contact)
    response = client.post(path_of(row), follow=True)
    page = response.content.decode()
    for text in ("Kim Albers", 'value="Nele"', row.email, 'value="Stadt Musterhausen"'):
        assert text in page
    assert client.post(ANSWER, _form(row)).status_code == 200  # privacy notice not read
    assert not Registration.objects.exists()

    response = client.post(
        ANSWER, {**_form(row), "last_name": "Brand", "privacy": "on"}, follow=True
    )

    registration = Registration.objects.get()
    assert (registration.last_name, registration.state) == ("Brand", "admitted")
    assert response.redirect_chain[-1][0] == "/2021/meine-anmeldung/"
    assert int(client.session["_auth_user_id"]) == registration.person.pk
    assert client.get(ANSWER).status_code == 410


# --- Retention ------------------------------------------------------------------------------------------


def test_who_does_not_answer_is_erased_with_the_letters(edition, contact):
    row = invited(edition, contact)
    set_clock(edition, OPEN + Delegate.LIFETIME)

    done = retention.erase_due()

    assert done["Eingeladene, die nicht geantwortet haben"] == 1
    assert not Delegate.objects.exists()
    assert not Letter.objects.filter(to=row.email).exists()
    assert Delegation.objects.get().invited == 1


def test_delegations_end_ninety_days_after_the_edition(edition, contact):
    accept(invited(edition, contact))
    set_clock(edition, edition.ends_at + timedelta(days=92))

    retention.erase_due()

    assert not Delegation.objects.exists()
