"""When applicants hear from us is true also near the congress, by the edition's clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import override

from congress import mail
from registration import cases
from registration.cases import Age
from registration.models import Registration, RegistrationSettings
from tests.factories import make_edition, set_clock
from tests.registration.making import letters, make_registration

pytestmark = pytest.mark.django_db

USUAL = "meist innerhalb von zwei Arbeitstagen"
BEGINS = "bis zum Beginn am 17. März um 09:00 Uhr"


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (datetime(2021, 3, 1, 9, tzinfo=UTC), USUAL),
        (datetime(2021, 3, 12, 9, tzinfo=UTC), USUAL),  # Friday: Tuesday at the latest
        (datetime(2021, 3, 15, 9, tzinfo=UTC), BEGINS),  # two working days later it has begun
        (datetime(2021, 3, 16, 16, tzinfo=UTC), BEGINS),
        (datetime(2021, 3, 17, 7, tzinfo=UTC), "noch heute"),
        (datetime(2021, 3, 18, 17, tzinfo=UTC), "so bald wir können"),
        (datetime(2021, 3, 25, 9, tzinfo=UTC), USUAL),
    ],
)
def test_what_is_promised(now, says):
    edition = make_edition()

    assert RegistrationSettings(edition=edition).checked(edition, now) == says


def test_in_english():
    edition = make_edition()
    eve = datetime(2021, 3, 16, 9, tzinfo=UTC)

    with override("en"):
        assert (
            RegistrationSettings(edition=edition).checked(edition, eve)
            == "by the beginning on 17 March at 09:00"
        )


def test_page_home_and_letter_promise_the_same_on_the_eve(client):
    edition = make_edition(at=datetime(2021, 3, 16, 9, tzinfo=UTC))

    assert f"{BEGINS}." in client.get(f"/{edition.slug}/anmeldung/").content.decode()
    registration = make_registration(edition, state=Registration.State.IN_REVIEW)
    client.force_login(registration.person, backend="congress.auth.RoleBackend")

    assert f"{BEGINS}." in client.get(f"/{edition.slug}/meine-anmeldung/").content.decode()
    assert f"{BEGINS}." in client.get(f"/{edition.slug}/").content.decode()
    (letter,) = letters("in_review")
    assert f"{BEGINS}." in mail.render(letter, mint=False).body
    set_clock(edition, datetime(2021, 3, 17, 8, tzinfo=UTC))
    assert "noch heute." in client.get(f"/{edition.slug}/meine-anmeldung/").content.decode()


@pytest.mark.parametrize(
    ("since", "due"),
    [
        ((2021, 3, 1, 9), (2021, 3, 4, 0)),  # Monday: until the end of Wednesday
        (
            (2021, 3, 12, 9),
            (2021, 3, 17, 0),
        ),  # Friday: until the end of Tuesday, just before it begins
        ((2021, 3, 15, 9), (2021, 3, 17, 9)),
        ((2021, 3, 17, 12), (2021, 3, 18, 0)),
        ((2021, 3, 18, 20), (2021, 3, 19, 0)),
        ((2021, 3, 19, 9), (2021, 3, 24, 0)),
    ],
)
def test_until_when_somebody_is_promised_an_answer(since, due):
    edition = make_edition()

    promise = RegistrationSettings(edition=edition).due_at(edition, local(*since))

    assert promise == local(*due)


def test_late_in_the_list_is_late_in_the_count():
    edition = make_edition(at=datetime(2021, 3, 1, 9, tzinfo=UTC))
    promise = RegistrationSettings(edition=edition)
    moments = [local(2021, 3, 10, 12) + timedelta(hours=7 * n) for n in range(45)]
    numbers = {
        make_registration(edition, state="in_review", email=f"a{n}@x{n}.example").pk: moment
        for n, moment in enumerate(moments)
    }
    for number, moment in numbers.items():
        Registration.objects.filter(pk=number).update(verified_at=moment, in_review_since=moment)

    for now in (moment + timedelta(minutes=30) for moment in moments):
        counted = set(cases.overdue(edition, now).values_list("pk", flat=True))
        listed = {n for n, since in numbers.items() if Age.of(edition, since, now, promise).is_late}
        assert counted == listed, now


def local(*parts):
    return datetime(*parts, tzinfo=ZoneInfo("Europe/Berlin"))
