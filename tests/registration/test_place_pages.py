"""Places on pages: what organisers see and change, what people answer, and what strangers do not."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from congress.models import JournalEntry
from registration import actions, emails_places
from registration.models import Contingent, Place
from tests.factories import make_edition, make_role, set_clock
from tests.registration.places import counts, make_contingent, place_of, somebody

pytestmark = pytest.mark.django_db


def signed_in(person):
    client = Client()
    client.force_login(person, backend="congress.auth.RoleBackend")
    return client


@pytest.fixture
def organiser(edition):
    return signed_in(make_role("organiser", edition).person)


@pytest.fixture
def hall(edition, rules):
    """One place taken, two people wait."""
    contingent = make_contingent(edition, places=1)
    somebody(edition, "Ahrens")
    somebody(edition, "Brandt", state="waitlisted")
    somebody(edition, "Cordes", state="waitlisted")
    return contingent


def page_of(contingent):
    return f"/2021/orga/plaetze/{contingent.pk}/"


def text(response):
    return " ".join(response.content.decode().split())


# --- Organisers -------------------------------------------------------------------------------------------


def test_the_overview_shows_places_items_and_what_has_no_limit(organiser, edition, hall):
    make_contingent(edition, title_de="Abendveranstaltung", places=None)

    page = text(organiser.get("/2021/orga/plaetze/"))

    assert "0 von 1 Platz frei" in page
    assert "Abendveranstaltung" in page
    assert "ohne Grenze" not in page.split("Zusatzangebote")[0]


def test_without_contingents_the_overview_says_that_there_is_no_limit(organiser, edition):
    assert "online: ohne Grenze" in text(organiser.get("/2021/orga/plaetze/"))


def test_the_list_shows_who_waits_in_order(organiser, hall):
    page = text(organiser.get(page_of(hall)))

    assert page.index("Kim Brandt") < page.index("Kim Cordes")
    assert "Zusätzlichen Platz geben" in page
    assert "Kim Ahrens" not in page  # has a place


def test_more_places_are_offered_and_the_page_says_to_how_many(organiser, hall):
    page = text(organiser.post(page_of(hall), {"places": "3"}, follow=True))

    assert "2 Personen" in page
    assert counts(hall) == (3, 0)
    assert JournalEntry.objects.filter(verb="contingent.places_changed").count() == 1


@pytest.mark.parametrize("wrong", ["-1", "0", "zehn", "1e3", "99999999999", "1" * 400])
def test_a_wrong_number_is_said_and_changes_nothing(organiser, hall, wrong):
    response = organiser.post(page_of(hall), {"places": wrong})

    assert response.status_code == 200
    assert "fk-summary" in text(response) or "kern-error" in text(response)
    hall.refresh_from_db()
    assert hall.places == 1


def test_a_place_is_given_by_hand_to_somebody_further_down(organiser, edition, hall):
    second = Place.objects.waiting().order_by("position").last()

    page = text(organiser.post(page_of(hall), {"place": second.pk, "one_more": "1"}, follow=True))

    assert "Kim Cordes hat jetzt den Platz" in page
    assert counts(hall) == (2, 1)
    second.registration.refresh_from_db()
    assert second.registration.state == "admitted"


def test_without_one_more_nothing_is_given_where_all_are_taken(organiser, hall):
    second = Place.objects.waiting().last()

    page = text(organiser.post(page_of(hall), {"place": second.pk}, follow=True))

    assert "Alle Plätze sind vergeben" in page
    assert counts(hall) == (1, 2)


def test_whoever_has_left_the_list_meanwhile_is_told_so(organiser, edition, hall):
    place = Place.objects.waiting().last()
    actions.cancel(registration=place.registration, now=edition.now())

    page = text(organiser.post(page_of(hall), {"place": place.pk}, follow=True))

    assert "nicht mehr auf der Warteliste" in page


@pytest.mark.parametrize("number", ["x", "1.5", "²"])
def test_what_is_no_place_is_refused(organiser, hall, number):
    assert organiser.post(page_of(hall), {"place": number}).status_code == 400


def test_places_of_another_edition_are_not_found(organiser, edition, rules):
    other = make_edition(at=edition.now())

    assert organiser.get(page_of(make_contingent(other))).status_code == 404


@pytest.mark.parametrize("kind", ["help_desk", "observer", "press_officer", "check_in"])
def test_other_roles_do_not_see_who_waits(edition, hall, kind):
    client = signed_in(make_role(kind, edition).person)

    assert client.get("/2021/orga/plaetze/").status_code == 403
    assert client.post(page_of(hall), {"places": "9"}).status_code == 403
    assert counts(hall) == (1, 2)


def test_figures_are_for_everybody_who_works_for_the_edition(edition, hall):
    page = text(signed_in(make_role("observer", edition).person).get("/2021/orga/"))

    assert "0 von 1 Platz frei" in page
    assert "Kim Brandt" not in page


def test_the_lists_take_as_many_queries_for_three_as_for_one(organiser, edition, hall):
    organiser.get(page_of(hall))
    with CaptureQueriesContext(connection) as few:
        organiser.get(page_of(hall))
    for name in ("Dirks", "Ebert", "Franke"):
        somebody(edition, name, state="waitlisted")
    for number in range(3):
        make_contingent(edition, title_de=f"Führung {number}")

    with CaptureQueriesContext(connection) as many:
        organiser.get(page_of(hall))

    assert len(many) == len(few)


# --- One's own --------------------------------------------------------------------------------------------


def test_whoever_waits_sees_the_position_and_moves_up(edition, hall):
    second = Place.objects.waiting().order_by("position").last().registration
    client = signed_in(second.person)
    assert "Sie stehen auf Platz 2 der Warteliste." in text(client.get("/2021/meine-anmeldung/"))

    actions.cancel(registration=Place.objects.waiting().first().registration, now=edition.now())

    assert "Sie stehen auf Platz 1 der Warteliste." in text(client.get("/2021/meine-anmeldung/"))


@pytest.fixture
def offered(edition, hall):
    actions.change_places(contingent=hall, places=2, by=None, now=edition.now())
    return Place.objects.offered().select_related("registration__person").get()


def link_of(place):
    return f"/2021/anmeldung/platz/{emails_places.offer_token(place)}/"


def test_the_link_of_the_letter_shows_no_name_and_changes_nothing(client, offered):
    response = client.get(link_of(offered))

    assert response.status_code == 200
    assert "Kim" not in text(response)
    assert "Brandt" not in text(response)
    offered.refresh_from_db()
    assert offered.is_offered
    assert response["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response["Cache-Control"]


def test_the_button_behind_the_link_accepts_and_says_so_twice(client, offered, hall):
    for _time in range(2):
        response = client.post(link_of(offered), {"answer": "accept"}, follow=True)
        assert "Der Platz gehört Ihnen" in text(response)

    assert counts(hall) == (2, 1)


def test_declining_by_the_link_passes_the_place_on(client, offered, hall):
    client.post(link_of(offered), {"answer": "decline"})

    offered.registration.refresh_from_db()
    assert offered.registration.state == "cancelled"
    assert counts(hall) == (2, 0)
    assert client.get(link_of(offered)).status_code == 410


def test_a_link_whose_time_is_over_says_so(client, edition, offered):
    link = link_of(offered)
    set_clock(edition, offered.offered_until)

    assert client.get(link).status_code == 410
    assert client.post(link, {"answer": "accept"}).status_code == 410


@pytest.mark.parametrize("answer", ["", "maybe", "accept\x00", "wait"])
def test_no_answer_is_no_answer(client, offered, answer):
    client.post(link_of(offered), {"answer": answer})

    offered.refresh_from_db()
    assert offered.is_offered


def test_nobody_answers_for_somebody_else(edition, offered):
    stranger = Place.objects.waiting().get().registration.person

    response = signed_in(stranger).post(
        "/2021/meine-anmeldung/platz/", {"place": offered.pk, "answer": "accept"}
    )

    assert response.status_code == 404
    offered.refresh_from_db()
    assert offered.is_offered


def test_items_are_chosen_and_given_back_on_the_page(edition, rules):
    lunch = make_contingent(edition, title_de="Mittagessen", places=1)
    registration = somebody(edition, "Ahrens")
    client = signed_in(registration.person)

    client.post("/2021/meine-anmeldung/dazu/", {f"item_{lunch.pk}": "on"})
    assert counts(lunch) == (1, 0)
    assert "gebucht" in text(client.get("/2021/meine-anmeldung/"))

    client.post("/2021/meine-anmeldung/dazu/", {})
    assert counts(lunch) == (0, 0)


def test_a_booked_out_item_says_so_and_has_a_list(edition, rules):
    lunch = make_contingent(edition, title_de="Mittagessen", places=0)
    registration = somebody(edition, "Ahrens")
    client = signed_in(registration.person)
    assert "ausgebucht: Warteliste" in text(client.get("/2021/meine-anmeldung/"))

    page = text(client.post("/2021/meine-anmeldung/dazu/", {f"item_{lunch.pk}": "on"}, follow=True))

    assert "Sie stehen auf der Warteliste: Mittagessen" in page
    assert place_of(registration, lunch).position == 1


def test_an_item_nobody_offers_is_not_booked(edition, rules):
    registration = somebody(edition, "Ahrens")
    other = make_contingent(make_edition(at=edition.now()), title_de="Anderswo")

    signed_in(registration.person).post("/2021/meine-anmeldung/dazu/", {f"item_{other.pk}": "on"})

    assert not Place.objects.filter(contingent=other).exists()


def test_the_form_says_that_one_will_wait(client, edition, hall):
    assert "alle Plätze vergeben" in text(client.get("/2021/anmeldung/"))


def test_in_a_hybrid_edition_the_choice_says_which_way_is_full(client, edition, rules):
    edition.format = "hybrid"
    edition.save()
    make_contingent(edition, way="onsite", places=0)

    page = text(client.get("/2021/anmeldung/"))

    assert "vor Ort (ausgebucht: Warteliste)" in page
    assert "online (ausgebucht" not in page


def test_contingents_are_made_in_the_administration(edition):
    client = signed_in(make_role("organiser", edition).person)

    response = client.get(f"/admin/registration/contingent/add/?edition={edition.pk}")

    assert response.status_code == 200
    assert Contingent.objects.count() == 0
