"""The press desk in the admin, and who may sit at it."""

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse

from congress import panels, queries
from congress.models import Admission, BrowserSession, Letter
from press.models import Accreditation
from tests.factories import make_role
from tests.press.factories import AFTER, make_accreditation, make_approved, make_press_edition

pytestmark = pytest.mark.django_db

LIST = "admin:press_accreditation_changelist"


@pytest.fixture
def edition():
    return make_press_edition()


@pytest.fixture
def officer(edition):
    return make_role("press_officer", edition).person


def decide(client, action, *rows, **more):
    return client.post(
        reverse(LIST),
        {"action": action, ACTION_CHECKBOX_NAME: [row.pk for row in rows], **more},
        follow=True,
    )


def test_the_officer_approves_from_the_list(client, edition, officer):
    accreditation = make_accreditation(edition)
    client.force_login(officer)

    page = decide(client, "approve", accreditation)

    assert page.status_code == 200
    accreditation.refresh_from_db()
    assert (accreditation.state, accreditation.decided_by) == ("approved", officer)
    letters = Letter.objects.order_by("pk").values_list("template", flat=True)
    assert list(letters) == ["press/emails/accredited.md", "press/emails/approved.md"]


def test_several_are_approved_at_once_and_what_is_refused_is_said(client, edition, officer):
    fresh, decided = make_accreditation(edition), make_approved(edition)
    client.force_login(officer)

    page = decide(client, "approve", fresh, decided).content.decode()

    fresh.refresh_from_db()
    assert fresh.state == "approved"
    assert "schon entschieden" in page


def test_a_rejection_asks_for_the_reason_first(client, edition, officer):
    accreditation = make_accreditation(edition)
    client.force_login(officer)

    page = decide(client, "reject", accreditation).content.decode()
    assert "Erläuterung" in page
    accreditation.refresh_from_db()
    assert accreditation.state == "requested"
    without = decide(client, "reject", accreditation, confirmed="yes", code="", reason="x")
    accreditation.refresh_from_db()
    assert accreditation.state == "requested"
    assert without.context["form"].errors

    decide(
        client, "reject", accreditation, confirmed="yes", code="no_proof", reason="Bitte Impressum."
    )

    accreditation.refresh_from_db()
    assert (accreditation.state, accreditation.reason_code) == ("rejected", "no_proof")
    assert accreditation.reason == "Bitte Impressum."


@pytest.mark.parametrize("action", ["renew", "revoke", "withdraw"])
def test_what_ends_something_is_asked_for_once_more(client, edition, officer, action):
    accreditation = make_approved(edition)
    client.force_login(officer)

    asked = decide(client, action, accreditation)
    accreditation.refresh_from_db()
    assert accreditation.state == "approved"
    assert Admission.objects.get().revoked_at is None
    assert accreditation.display_name in asked.content.decode()

    decide(client, action, accreditation, confirmed="yes")

    accreditation.refresh_from_db()
    ended = Admission.objects.get().revoked_at is not None
    assert (accreditation.state, ended) == {
        "renew": ("approved", False),
        "revoke": ("approved", True),
        "withdraw": ("withdrawn", True),
    }[action]


def test_the_page_of_a_request_offers_what_may_be_decided(client, edition, officer):
    client.force_login(officer)

    fresh = client.get(make_accreditation(edition).get_admin_url())
    approved = client.get(make_approved(edition).get_admin_url())

    assert [name for name, _label in fresh.context["decisions"]] == [
        "approve",
        "reject",
        "withdraw",
    ]
    assert [name for name, _label in approved.context["decisions"]] == [
        "renew",
        "revoke",
        "withdraw",
    ]


def test_nothing_of_a_request_is_typed_over_in_the_admin(client, edition, officer):
    accreditation = make_accreditation(edition)
    client.force_login(officer)

    response = client.post(accreditation.get_admin_url(), {"last_name": "Anders", "late": "on"})

    assert response.status_code == 403
    accreditation.refresh_from_db()
    assert accreditation.last_name != "Anders"


def test_an_officer_of_another_edition_sees_and_decides_nothing(client, edition):
    accreditation = make_accreditation(edition, last_name="Verborgen")
    stranger = make_role("press_officer", make_press_edition()).person
    client.force_login(stranger)

    assert "Verborgen" not in client.get(reverse(LIST)).content.decode()
    assert (
        "Verborgen" not in client.get(accreditation.get_admin_url(), follow=True).content.decode()
    )
    decide(client, "approve", accreditation)

    accreditation.refresh_from_db()
    assert accreditation.state == "requested"


@pytest.mark.parametrize("kind", ["observer", "help_desk", "moderator"])
def test_other_roles_do_not_sit_at_the_desk(client, edition, kind):
    accreditation = make_accreditation(edition)
    client.force_login(make_role(kind, edition).person)

    response = decide(client, "approve", accreditation)

    assert response.status_code in (200, 403, 404)
    accreditation.refresh_from_db()
    assert accreditation.state == "requested"


def test_late_requests_come_after_those_in_time(client, edition, officer):
    make_accreditation(edition, last_name="Spaet", submitted_at=AFTER)
    make_accreditation(edition, last_name="Rechtzeitig")
    client.force_login(officer)

    page = client.get(reverse(LIST)).content.decode()

    assert page.index("Rechtzeitig") < page.index("Spaet")


def test_the_list_needs_as_many_queries_for_three_as_for_one(
    client, edition, officer, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(officer)
    make_accreditation(edition)
    client.get(reverse(LIST))
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get(reverse(LIST))
    make_approved(edition)
    make_accreditation(edition)

    with django_assert_max_num_queries(len(one)):
        client.get(reverse(LIST))


def test_what_waits_is_counted_and_leads_to_the_desk(client, edition, officer):
    make_accreditation(edition)
    make_accreditation(edition)
    make_approved(edition)
    make_accreditation()

    waiting = {str(item.label): item for item in queries.waiting_for(officer, edition)}

    item = waiting["Akkreditierungen zu entscheiden"]
    assert item.count == 2
    client.force_login(officer)
    page = client.get(item.url)
    assert page.context["counts"].to_decide == 2


def test_the_demonstration_shows_every_state_and_can_be_filled_twice(settings):
    from congress.demo import seed
    from press.demo.seed import REQUESTS, fill

    edition = seed.seed()
    fill(edition)

    found = Accreditation.objects.filter(edition=edition)
    assert found.count() == len(REQUESTS)
    assert set(found.values_list("state", flat=True)) == set(Accreditation.State.values)
    assert set(found.values_list("late", flat=True)) == {True, False}
    assert all(row.mailbox.endswith((".test", "rundschau.example")) for row in found)
    noa = found.get(last_name="Sander")
    assert noa.person.admissions.get(edition=edition).kind == "press"
    assert noa.link is not None
    assert {str(item.label) for item in panels.navigation} >= {"Presse"}
    # Nobody has been signed in; the one device belongs to the caller whose link is in use already.
    assert [row.person.last_name for row in BrowserSession.objects.all()] == ["Jacobsen"]
