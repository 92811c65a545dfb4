"""An office registers somebody else: both get a letter, the colleague confirms, the office hears what became of it."""

import pytest
from django.db import IntegrityError, transaction

from congress import mail
from congress.models import Letter
from registration import actions, emails_inviting
from registration.models import Delegate, Delegation, Registration
from tests.factories import set_clock
from tests.registration.making import letters, make_registration

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rules")]
PAGE = "/2021/anmeldung/fuer-andere/"
OFFICE = "vorzimmer@stadt-musterhausen.example"
BOSS = "nele.brandt@stadt-musterhausen.example"


def typed(**fields):
    return {
        "title": "Dr.",
        "first_name": "Nele",
        "last_name": "Brandt",
        "email": BOSS,
        "body": "Stadt Musterhausen",
        "office_name": "Ida Vorzimmer",
        "office_email": OFFICE,
    } | fields


def accept(row):
    return actions.accept(
        row=row,
        now=row.edition.now(),
        language="de",
        privacy_version="1",
        title=row.title,
        first_name=row.first_name,
        last_name=row.last_name,
        body=row.body,
    )


def test_both_get_a_letter_and_nobody_is_registered_yet(client, edition):
    response = client.post(PAGE, typed(), follow=True)

    assert "Wir haben Ihnen beiden geschrieben" in response.content.decode()
    (to_boss,) = letters("delegate")
    (to_office,) = letters("office")
    row = Delegate.objects.with_delegation().get()
    assert (to_boss.to, to_office.to) == (BOSS, OFFICE)
    body = mail.render(to_boss, mint=True)
    assert body.subject == "Ida Vorzimmer meldet Sie zum Fachkongress 2021 an"
    assert emails_inviting.delegate_url(row) in body.body
    said = mail.render(to_office, mint=True)
    assert said.subject == "Ihre Anmeldung für Dr. Nele Brandt"
    assert "/zusage/" not in said.body
    assert not Registration.objects.exists()


def test_the_office_hears_that_the_colleague_is_in(client, edition):
    client.post(PAGE, typed())

    registration = accept(Delegate.objects.with_delegation().get()).verified.registration

    assert registration.state == Registration.State.ADMITTED
    (letter,) = letters("office_answered")
    assert letter.to == OFFICE
    assert mail.render(letter, mint=True).subject == "Dr. Nele Brandt: angemeldet"


def test_the_address_of_the_colleague_decides(client, edition):
    client.post(PAGE, typed(email="nele.brandt@zweckverband.example"))

    registration = accept(Delegate.objects.with_delegation().get()).verified.registration

    assert registration.state == Registration.State.IN_REVIEW
    (letter,) = letters("office_answered")
    assert "wird geprüft" in mail.render(letter, mint=True).subject


def test_the_answer_tells_nothing_and_the_same_person_gets_one_letter(client, edition):
    make_registration(edition, email=BOSS, first_name="Nele", last_name="Brandt", state="admitted")
    pages = [client.post(PAGE, typed(), follow=True) for _again in range(2)]
    pages.append(client.post(PAGE, typed(email="neu@stadt-musterhausen.example"), follow=True))

    assert {"beiden geschrieben" in page.content.decode() for page in pages} == {True}
    assert len(letters("delegate")) == 2


def test_no_link_of_a_stranger_stands_in_a_letter(client, edition):
    client.post(PAGE, typed(last_name="www.boese.example", office_name="Gewinn: www.x.example"))

    for letter in letters("delegate", "office"):
        sent = mail.render(letter, mint=True)
        assert "boese" not in sent.subject + sent.body
        assert "www.x" not in sent.subject + sent.body


def test_an_office_names_no_more_than_twenty_and_a_mailbox_gets_five_letters(client, edition):
    Delegation.objects.create(
        edition=edition, office_key=OFFICE, office_email=OFFICE, office_name="Ida", invited=20
    )
    page = client.post(PAGE, typed()).content.decode()
    assert "0 Personen" in page
    for number in range(5):
        client.post(PAGE, typed(email=f"p{number}@b.example", office_email="o@b.example"))

    page = client.post(
        PAGE, typed(email="p9@b.example", office_email="o@b.example")
    ).content.decode()

    assert "höchstens 5" in page
    assert not Letter.objects.filter(to="p9@b.example").exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "x"),
        ("first_name", ""),
        ("office_name", ""),
        ("office_email", "a@b"),
        ("body", ""),
    ],
)
def test_what_is_missing_is_said_at_its_field(client, edition, field, value):
    page = client.post(PAGE, typed(**{field: value})).content.decode()

    assert "fk-summary" in page
    assert not Delegate.objects.exists()


def test_the_page_is_reached_from_the_registration_and_closes_with_it(client, edition):
    assert PAGE in client.get("/2021/anmeldung/").content.decode()
    assert client.get(PAGE).status_code == 200
    set_clock(edition, edition.registration_closes_at)

    assert 'name="office_email"' not in client.get(PAGE).content.decode()
    client.post(PAGE, typed())
    assert not Delegate.objects.exists()


def test_a_delegation_is_of_a_contact_an_invitation_or_an_office(edition):
    for fields in ({}, {"office_key": OFFICE}, {"office_key": OFFICE, "office_email": OFFICE}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Delegation.objects.create(edition=edition, **fields)


def test_the_colleague_reads_that_the_office_hears_of_it(client, edition):
    client.post(PAGE, typed())
    row = Delegate.objects.with_delegation().get()

    page = client.post(
        emails_inviting.delegate_url(row).removeprefix("http://testserver"), follow=True
    ).content.decode()

    assert "Angemeldet hat Sie: Ida Vorzimmer" in page
    assert "ob Sie dabei sind" in page
