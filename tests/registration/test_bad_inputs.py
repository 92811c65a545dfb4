"""The bad inputs collected for registration and accounts, each with its stated verdict.

Those for the web as a whole: `tests/congress/test_bad_inputs.py`.
"""

import json
import uuid
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client

from congress import links, mail, outputs, tables
from congress.models import Letter, User
from registration import actions
from registration.forms import RegistrationForm
from registration.models import Contingent, Delegate, EmailCode, Invitation, Registration, RuleTable
from tests.data.bad_inputs_values import materialise
from tests.factories import make_admission, make_role, make_user
from tests.registration.making import (
    OPEN,
    code_of,
    given,
    make_invitation,
    make_registration,
    make_rule,
    secret_of,
)
from tests.registration.places import make_contingent
from tests.work import calls_of

DATA = Path(__file__).parent.parent / "data" / "registration_bad_inputs.json"
ENTRIES = json.loads(DATA.read_text(encoding="utf-8"))
FIELDS = {"organisation": "body"}
NAMES = {"first_name", "organisation"}
ERRORS = "fk-summary"


def entries(area, *fields):
    chosen = [entry for entry in ENTRIES if entry["area"] == area and entry["field"] in fields]
    return [pytest.param(entry, id=entry["why"][:60]) for entry in chosen]


def verdict(entry):
    return entry["expect"].split(";")[0].split(":")[0].split()[0]


@pytest.fixture(autouse=True)
def setting(edition):
    make_rule("sachsen.de", match="subdomain", level="land")


def test_every_entry_is_acted_out():
    acted = {
        "registration": NAMES | {"email", "verification_key", "capacity", "import_csv"},
        "accounts": {"password", "login"},
    }

    assert {(entry["area"], entry["field"]) for entry in ENTRIES} == {
        (area, field) for area, fields in acted.items() for field in fields
    }
    assert len(ENTRIES) == 67
    assert len(entries("registration", "verification_key")) == 4  # acted out one by one
    assert len(entries("accounts", "login")) == 3  # the same


def sent(client, **fields):
    """The form sent as a browser would."""
    data = {**given(), "privacy": "on", "form_key": str(uuid.uuid4()), **fields}
    return client.post("/2021/anmeldung/", data)


@pytest.mark.parametrize("entry", entries("registration", *sorted(NAMES)))
def test_names_and_bodies(client, entry, edition):
    field, value = FIELDS.get(entry["field"], entry["field"]), materialise(entry["value"])
    if value == "\ud800":  # no page can send it; a program could, as bytes that are no UTF-8
        assert "first_name" in RegistrationForm({**given(), field: value}, edition=edition).errors
        refused_as_bytes(client, "%ED%A0%80")
        return

    response = sent(client, **{field: value})

    if verdict(entry) == "reject":
        assert response.status_code in (200, 400)
        assert ERRORS in response.content.decode()
        assert not Registration.objects.exists()
        assert not Letter.objects.exists()
        return
    assert response.status_code == 303, response.content.decode()
    registration = Registration.objects.get()
    stored = {"\t=1+1": "=1+1", "Zoe\u0308": "Zo\u00eb"}.get(value, value)
    assert getattr(registration, field) == stored
    actions.verify(
        registration=registration, code=code_of(registration), now=registration.edition.now()
    )
    client.force_login(
        User.objects.get(email=registration.email), backend="congress.auth.RoleBackend"
    )
    page = client.get("/2021/meine-anmeldung/").content.decode()
    assert "<script>alert" not in page
    assert "<b>Dr.</b>" not in page
    for letter in Letter.objects.all():
        written = mail.render(letter, mint=False)
        assert "\n" not in written.subject
        assert written.recipients() == [registration.email]
        written.message().as_bytes()


def test_a_name_of_a_million_letters_is_not_read_letter_by_letter(client, edition):
    sent(client, first_name="a\x0bb")  # templates are read

    short = calls_of(lambda: sent(client, first_name="a\x0bb"))
    long = calls_of(lambda: sent(client, first_name=10**6 * "A"))

    assert long < 2 * short


def refused_as_bytes(client, encoded):
    """A name that holds these bytes is refused with a sentence, and what else was typed stands there."""
    typed = urlencode({**given(last_name="Albers"), "privacy": "on", "way": "online"})
    typed = typed.replace("first_name=Kim", f"first_name=K{encoded}m")

    page = client.post(
        "/2021/anmeldung/", typed, content_type="application/x-www-form-urlencoded"
    ).content.decode()

    assert "sind nicht lesbar angekommen" in page
    assert 'value="Albers"' in page
    assert not Registration.objects.exists()
    assert not Letter.objects.exists()


@pytest.mark.parametrize("encoded", ["%ED%A0%80", "%FF", "%C0%AF", "%E4"])
def test_bytes_that_are_no_utf_8_are_refused_not_replaced(client, edition, encoded):
    refused_as_bytes(client, encoded)


@pytest.mark.parametrize("entry", entries("registration", "email"))
def test_addresses(client, edition, entry):
    value = materialise(entry["value"])
    if verdict(entry) == "same":
        make_registration(edition, email=value, state=Registration.State.ADMITTED)
        known, unknown = sent(client, email=value), sent(Client(), email="never" + value[5:])
        assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
        return

    response = sent(client, email=value)

    if response.status_code == 200:
        assert verdict(entry) == "reject", entry
        assert ERRORS in response.content.decode()
        assert not Registration.objects.exists()
        assert not Letter.objects.exists()
        return
    assert verdict(entry) in ("accept", "accept_as", "review") or "or accept" in entry["expect"], (
        entry
    )
    registration = Registration.objects.get()
    assert Letter.objects.get().to == registration.email
    if verdict(entry) == "accept_as":
        assert registration.email == registration.email_key == "a.b@sk.sachsen.de"
    if verdict(entry) == "review":
        verified = actions.verify(
            registration=registration, code=code_of(registration), now=edition.now()
        )
        assert verified.registration.state == Registration.State.IN_REVIEW


def test_a_key_clicked_twice_says_that_the_address_is_confirmed_already(client, edition):
    link = confirm_link(make_registration(edition))
    client.post(link)

    response = client.post(link, follow=True)

    assert "Ihre Adresse war schon bestätigt" in response.content.decode()


def test_a_key_of_another_purpose_does_not_confirm(client, edition):
    registration = make_registration(edition)
    number = EmailCode.objects.get().pk
    other = links.signed_token("proof", number, registration.address)
    forged = other.replace("proof_", "confirm_")
    forged = forged[:-6] + links._checksum(forged[:-6])

    for token in (other, forged):
        assert over(client, f"/2021/anmeldung/bestaetigen/{token}/")


def test_a_tampered_key_shows_the_page_of_an_old_one(client, edition):
    link = confirm_link(make_registration(edition)).rstrip("/")
    body = link[:-6]
    flipped = body[:-3] + ("a" if body[-3] != "a" else "b") + body[-2:]
    token = flipped.rsplit("/", 1)[1]
    forged = f"/2021/anmeldung/bestaetigen/{token}{links._checksum(token)}/"

    assert over(client, forged)
    assert over(client, link[:-4] + "/")


def test_a_key_ends_when_the_address_is_changed(client, edition):
    registration = make_registration(edition)
    link = confirm_link(registration)
    Registration.objects.filter(pk=registration.pk).update(email="other@sk.sachsen.de")

    assert over(client, link)


def confirm_link(registration):
    return secret_of(registration)["confirm_url"].removeprefix("http://testserver")


def over(client, link):
    answers = [client.get(link), client.post(link)]
    assert all("Dieser Link gilt nicht mehr" in answer.content.decode() for answer in answers)
    assert "_auth_user_id" not in client.session
    return [answer.status_code for answer in answers] == [410, 410] and not (
        Registration.objects.active().exists()
    )


# --- How many there may be -----------------------------------------------------------------------------


@pytest.mark.parametrize("entry", entries("registration", "capacity"))
def test_numbers_of_places(client, edition, entry):
    client.force_login(make_role("organiser", edition).person, backend="congress.auth.RoleBackend")
    form = {
        "body": "Stadt Beispielheim",
        "uses_max": entry["value"],
        "becomes": "attendee",
        "language": "de",
        "last_day": "2021-03-16",
        "form_key": uuid.uuid4(),
    }

    response = client.post("/2021/orga/einladungen/behoerde/", form)

    made = list(Invitation.objects.values_list("uses_max", flat=True))
    if verdict(entry) == "reject":
        assert ERRORS in response.content.decode()
        assert made == []
    else:  # 1_000, as Python reads it
        assert made == [1000]
    if "CHECK" in entry["expect"]:
        with pytest.raises(IntegrityError), transaction.atomic():
            make_invitation(edition, kind="body", uses_max=entry["value"])


@pytest.mark.parametrize("entry", entries("registration", "capacity"))
def test_numbers_of_places_of_a_contingent(client, edition, entry):
    contingent = make_contingent(edition, places=7)
    client.force_login(make_role("organiser", edition).person, backend="congress.auth.RoleBackend")

    response = client.post(
        f"/2021/orga/plaetze/{contingent.pk}/", {"act": "places", "places": entry["value"]}
    )

    contingent.refresh_from_db()
    if verdict(entry) == "reject":
        assert ERRORS in response.content.decode() or "fk-error" in response.content.decode()
        assert contingent.places == 7
    else:
        assert contingent.places == 1000
    if "CHECK" in entry["expect"]:
        with pytest.raises(IntegrityError), transaction.atomic():
            Contingent.objects.filter(pk=contingent.pk).update(places=entry["value"])


# --- Tables --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", entries("registration", "import_csv"))
def test_tables(client, edition, entry):
    """Through the reader that every import shares; and what is refused there, through a page as well."""
    name, content = materialise(entry["value"])
    if verdict(entry) != "reject":
        table = tables.read(content, required=["email"], known=["first_name", "last_name"])

        (row,) = table.rows
        assert row["email"] == "a@sk.sachsen.de"
        assert table.unknown_columns == (["is_staff"] if verdict(entry) == "ignore" else [])
        assert "is_staff" not in row.values
        again = outputs.safe_csv(["first_name"], [[row["first_name"]]]).decode("utf-8-sig")
        assert not again.splitlines()[1].startswith("=")
        return

    def looked_into():
        return tables.read(content, required=["email"], known=["first_name"])

    with pytest.raises(tables.NotReadable) as refusal:
        looked_into()

    assert calls_of(looked_into) < 5_000  # and never once for each row or column
    if "line number" in entry["expect"]:
        assert "Zeile 2" in str(refusal.value)
    client.force_login(make_role("organiser", edition).person, backend="congress.auth.RoleBackend")
    response = client.post(
        "/2021/orga/adressen/tabelle/", {"file": SimpleUploadedFile(name, content)}
    )
    assert response.status_code == 200
    assert ERRORS in response.content.decode()
    assert not RuleTable.objects.exists()


@pytest.mark.parametrize("entry", entries("registration", "import_csv"))
def test_tables_of_colleagues(client, edition, entry):
    """A contact person uploads them: shown row by row or refused in a sentence; nobody is invited by looking."""
    name, content = materialise(entry["value"])
    admission = make_admission(edition, granted_at=OPEN - timedelta(days=9))
    client.force_login(admission.person, backend="congress.auth.RoleBackend")

    response = client.post(
        "/2021/meine-anmeldung/kolleginnen/",
        {"file": SimpleUploadedFile(name, content), "language": "de"},
    )

    page = response.content.decode()
    assert response.status_code == 200
    assert not Delegate.objects.exists()
    assert not Letter.objects.exists()
    if verdict(entry) == "reject":
        assert ERRORS in page
    else:
        assert "Zeile für Zeile" in page
        assert ("is_staff" in page) == (verdict(entry) == "ignore")


# --- Accounts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", entries("accounts", "password"))
def test_passwords(entry):
    value = materialise(entry["value"])

    if verdict(entry) == "reject":
        with pytest.raises(ValidationError):
            validate_password(value)
        assert calls_of(lambda: validate_password(value)) < 1_000  # however long it is
    else:
        validate_password(value)
        user = make_user(password=value)
        assert user.check_password(value)
        assert not user.check_password(value.strip())


def account(**fields):
    person = make_user(**fields)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


def test_guessing_one_account_is_limited_and_the_code_still_works(client, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    person = account(password="Das-ist-ein-langer-Satz")
    for number in range(11):
        answer = client.post(
            "/konto/login/", {"login": person.email, "password": f"wrong-{number}"}
        )

    assert "Zu viele" in answer.content.decode()
    right = {"login": person.email, "password": "Das-ist-ein-langer-Satz"}
    assert Client().post("/konto/login/", right).status_code == 200
    assert Client().post("/konto/login/code/", {"email": person.email}).status_code == 302
    assert Letter.objects.filter(to=person.email, template__endswith="login_code.md").exists()


def test_the_administration_has_no_sign_in_of_its_own_to_guess_at(client):
    answer = client.post("/admin/login/", {"username": "a@b.example", "password": "x"})

    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/konto/login/")


def test_nobody_is_bombed_with_letters(client):
    person = account()

    for _ in range(50):
        client.post("/konto/password/reset/", {"email": person.email})

    assert Letter.objects.filter(to=person.email).count() <= 5
