"""Another way of taking part, and a place for a colleague: nothing is given up before the new is there."""

from datetime import timedelta

import pytest
from django.test import Client

from congress import mail
from congress.models import Admission, JournalEntry
from registration import actions
from registration.models import Place, Registration, RegistrationSettings
from tests.factories import make_edition, make_role, make_state
from tests.registration.making import (
    OPEN,
    letters,
    make_invitation,
    make_registration,
    make_rule,
)
from tests.registration.places import counts, make_contingent, place_of, somebody

pytestmark = pytest.mark.django_db


@pytest.fixture
def hybrid():
    make_rule("stadt-musterhausen.example")
    return make_edition(at=OPEN, slug="2021", format="hybrid")


@pytest.fixture
def hall(hybrid):
    return make_contingent(hybrid, way="onsite", places=1)


@pytest.fixture
def screens(hybrid):
    return make_contingent(hybrid, way="online", places=10)


def switch(registration, way, **options):
    edition = registration.edition
    place = actions.switch_way(registration=registration, way=way, now=edition.now(), **options)
    registration.refresh_from_db()
    return place


def hand_over(registration, to, **options):
    return actions.hand_over(
        registration=registration, to=to, now=registration.edition.now(), **options
    )


def is_in(registration):
    return Admission.objects.in_force().filter(person=registration.person).exists()


def text_of(letter):
    return str(mail.render(letter, mint=False).body)


# --- Another way -----------------------------------------------------------------------------------------


def test_a_free_place_in_the_other_way_is_taken_and_the_old_one_given_back(hybrid, hall, screens):
    registration = somebody(hybrid, "Ahrens", way="online")

    place = switch(registration, "onsite")

    assert (registration.state, registration.way) == ("admitted", "onsite")
    assert place == place_of(registration)
    assert (counts(hall), counts(screens)) == ((1, 0), (0, 0))
    (letter,) = letters("way_switched")
    assert "Sie nehmen jetzt vor Ort teil" in text_of(letter)
    assert is_in(registration)


def test_what_is_given_back_is_offered_to_whoever_waits(hybrid, hall, screens):
    first = somebody(hybrid, "Ahrens", way="onsite")
    second = somebody(hybrid, "Brandt", way="onsite", state="waitlisted")

    switch(first, "online")

    second.refresh_from_db()
    assert second.state == "offered"
    assert (counts(hall), counts(screens)) == ((1, 0), (1, 0))


def test_where_all_is_taken_one_waits_and_keeps_the_place_one_has(hybrid, hall, screens):
    somebody(hybrid, "Ahrens", way="onsite")
    registration = somebody(hybrid, "Brandt", way="online")

    place = switch(registration, "onsite")

    assert place.is_waiting
    assert (registration.state, registration.way) == ("admitted", "online")
    assert (counts(hall), counts(screens)) == ((1, 1), (1, 0))
    assert is_in(registration)
    (letter,) = letters("waitlisted")
    assert "Sie möchten vor Ort teilnehmen" in text_of(letter)
    assert "Ihren Platz online behalten Sie" in text_of(letter)


def test_asking_twice_is_one_position(hybrid, hall, screens):
    somebody(hybrid, "Ahrens", way="onsite")
    registration = somebody(hybrid, "Brandt", way="online")

    first = switch(registration, "onsite")
    second = switch(registration, "onsite")

    assert first == second
    assert counts(hall) == (1, 1)


@pytest.fixture
def offered(hybrid, hall, screens):
    """Takes part online and is offered a place on site."""
    first = somebody(hybrid, "Ahrens", way="onsite")
    registration = somebody(hybrid, "Brandt", way="online")
    switch(registration, "onsite")
    actions.cancel(registration=first, now=hybrid.now())
    registration.refresh_from_db()
    return registration


def test_an_offer_for_the_other_way_takes_nothing_away(offered, hall, screens):
    place = place_of(offered, hall)

    assert place.is_offered
    assert (offered.state, offered.way) == ("admitted", "online")
    assert (counts(hall), counts(screens)) == ((1, 0), (1, 0))
    (letter,) = letters("place_offered")
    assert "geben Sie Ihren Platz online dafür zurück" in text_of(letter)


def test_accepting_it_is_the_switch(offered, hybrid, hall, screens):
    actions.accept_place(place=place_of(offered, hall), now=hybrid.now())

    offered.refresh_from_db()
    assert (offered.state, offered.way) == ("admitted", "onsite")
    assert (counts(hall), counts(screens)) == ((1, 0), (0, 0))


def test_declining_it_ends_the_waiting_and_nothing_else(offered, hybrid, hall, screens):
    actions.decline_place(place=place_of(offered, hall), now=hybrid.now())

    offered.refresh_from_db()
    assert (offered.state, offered.way) == ("admitted", "online")
    assert (counts(hall), counts(screens)) == ((0, 0), (1, 0))


def test_an_offer_that_passed_leaves_the_person_where_they_are(offered, hybrid, hall, screens):
    Place.objects.filter(contingent=hall).update(offered_until=hybrid.now())

    assert actions.sweep() == 1

    offered.refresh_from_db()
    assert (offered.state, offered.way) == ("admitted", "online")
    # Nobody else waits: the place is kept for the same person once more.
    assert (counts(hall), counts(screens)) == ((1, 0), (1, 0))


def test_choosing_the_present_way_ends_the_waiting(offered, hall, screens):
    switch(offered, "online")

    assert (counts(hall), counts(screens)) == ((0, 0), (1, 0))


def test_a_place_given_by_hand_is_the_switch_as_well(hybrid, hall, screens):
    somebody(hybrid, "Ahrens", way="onsite")
    registration = somebody(hybrid, "Brandt", way="online")
    place = switch(registration, "onsite")
    organiser = make_role("organiser", hybrid).person

    actions.give_place(place=place, by=organiser, now=hybrid.now(), one_more=True)

    registration.refresh_from_db()
    assert registration.way == "onsite"
    assert (counts(hall), counts(screens)) == ((2, 0), (0, 0))


def test_whoever_waits_for_the_hall_comes_online_at_once(hybrid, hall, screens):
    somebody(hybrid, "Ahrens", way="onsite")
    registration = somebody(hybrid, "Brandt", way="onsite", state="waitlisted")

    switch(registration, "online")

    assert (registration.state, registration.way) == ("admitted", "online")
    assert (counts(hall), counts(screens)) == ((1, 0), (1, 0))
    assert is_in(registration)


def test_and_may_stay_in_line_meanwhile(hybrid, hall, screens):
    somebody(hybrid, "Ahrens", way="onsite")
    registration = somebody(hybrid, "Brandt", way="onsite", state="waitlisted")

    switch(registration, "online", stay_in_line=True)

    assert (registration.state, registration.way) == ("admitted", "online")
    assert place_of(registration, hall).position == 1
    assert (counts(hall), counts(screens)) == ((1, 1), (1, 0))


def test_from_one_list_to_the_other(hybrid, hall):
    screens = make_contingent(hybrid, way="online", places=1)
    somebody(hybrid, "Ahrens", way="onsite")
    somebody(hybrid, "Brandt", way="online")
    registration = somebody(hybrid, "Cordes", way="onsite", state="waitlisted")

    switch(registration, "online")

    assert (registration.state, registration.way) == ("waitlisted", "online")
    assert (counts(hall), counts(screens)) == ((1, 0), (1, 1))


def test_without_contingents_only_the_way_changes(hybrid):
    registration = somebody(hybrid, "Ahrens", way="online")

    assert switch(registration, "onsite") is None
    assert (registration.state, registration.way) == ("admitted", "onsite")


def test_in_review_it_is_what_is_wished_for(hybrid, hall, screens):
    registration = make_registration(
        hybrid, state="in_review", email="kim@unbekannt.example", way="online"
    )

    switch(registration, "onsite")

    assert (registration.state, registration.way) == ("in_review", "onsite")
    assert counts(hall) == (0, 0)


def test_looked_at_once_more_with_a_place_it_is_refused(hybrid, hall, screens):
    registration = somebody(hybrid, "Ahrens", way="online")
    Registration.objects.update(state="in_review")

    with pytest.raises(actions.WhileInReview):
        switch(registration, "onsite")

    assert counts(hall) == (0, 0)


def test_a_way_the_congress_does_not_have_is_refused(rules, edition):
    registration = somebody(edition, "Ahrens")

    with pytest.raises(actions.WayNotOffered):
        switch(registration, "onsite")


def test_ended_registrations_and_a_congress_that_is_over_are_refused(hybrid, hall, screens):
    registration = somebody(hybrid, "Ahrens", way="online")
    with pytest.raises(actions.CongressIsOver):
        actions.switch_way(registration=registration, way="onsite", now=hybrid.ends_at)
    actions.cancel(registration=registration, now=hybrid.now())

    with pytest.raises(actions.RegistrationHasEnded):
        switch(registration, "onsite")


def test_after_the_day_of_the_edition_only_organisers_switch(hybrid, hall, screens):
    last_day = hybrid.local(hybrid.now()).date() - timedelta(days=1)
    RegistrationSettings.objects.create(edition=hybrid, changes_until=last_day)
    registration = somebody(hybrid, "Ahrens", way="online")

    with pytest.raises(actions.TooLateToChange):
        switch(registration, "onsite")
    assert (registration.way, counts(hall)[0]) == ("online", 0)

    switch(registration, "onsite", by=make_role("organiser", hybrid).person)
    assert (registration.way, counts(hall)[0]) == ("onsite", 1)


def test_the_page_shows_what_is_waited_for_and_lets_it_go(hybrid, hall, screens):
    somebody(hybrid, "Ahrens", way="onsite")
    registration = somebody(hybrid, "Brandt", way="online")
    place = switch(registration, "onsite")
    client = Client()
    client.force_login(registration.person)

    page = client.get("/2021/meine-anmeldung/").content.decode()
    assert "Sie möchten vor Ort teilnehmen" in page
    assert "Sie stehen auf Platz 1 der Warteliste." in page
    client.post("/2021/meine-anmeldung/platz/", {"place": place.pk, "answer": "decline"})

    registration.refresh_from_db()
    assert registration.state == "admitted"
    assert (counts(hall), counts(screens)) == ((1, 0), (1, 0))


# --- For a colleague -------------------------------------------------------------------------------------


def test_the_colleague_has_the_place_and_the_registration_ends(hybrid, hall):
    giver = somebody(hybrid, "Ahrens", way="onsite")
    waiting = somebody(hybrid, "Brandt", way="onsite", state="waitlisted")
    heir = somebody(hybrid, "Cordes", way="onsite", state="waitlisted")

    place = hand_over(giver, heir)

    assert (giver.state, heir.state) == ("cancelled", "admitted")
    assert place.registration == heir
    assert (is_in(giver), is_in(heir)) == (False, True)
    waiting.refresh_from_db()
    assert waiting.state == "waitlisted"  # nothing was free for a moment
    assert counts(hall) == (1, 1)
    (letter,) = letters("handed_over")
    assert "Cordes" in text_of(letter)
    assert {entry.verb for entry in JournalEntry.objects.filter(verb__endswith="over")} == {
        "registration.handed_over",
        "registration.taken_over",
    }


def test_the_colleague_leaves_the_place_they_had_instead(hybrid, hall, screens):
    giver = somebody(hybrid, "Ahrens", way="onsite")
    heir = somebody(hybrid, "Brandt", way="online")

    hand_over(giver, heir)

    assert (heir.state, heir.way) == ("admitted", "onsite")
    assert (counts(hall), counts(screens)) == ((1, 0), (0, 0))


def test_optional_items_go_with_it(hybrid, hall):
    dinner = make_contingent(hybrid, title_de="Abend", places=5)
    tour = make_contingent(hybrid, title_de="Führung", places=1)
    giver = somebody(hybrid, "Ahrens", way="onsite")
    actions.choose_items(registration=giver, wanted=[dinner.pk, tour.pk], now=hybrid.now())
    heir = somebody(hybrid, "Brandt", way="onsite", state="waitlisted")

    hand_over(giver, heir)

    assert {place.contingent for place in heir.places.of_items()} == {dinner, tour}
    assert (counts(hall), counts(dinner), counts(tour)) == ((1, 0), (1, 0), (1, 0))


def test_items_the_colleague_may_not_have_are_free_again(hybrid, hall):
    reception = make_contingent(hybrid, title_de="Empfang", level="bund", places=5)
    giver = somebody(hybrid, "Ahrens", way="onsite")
    Registration.objects.filter(pk=giver.pk).update(level="bund")
    actions.choose_items(registration=giver, wanted=[reception.pk], now=hybrid.now())
    heir = somebody(hybrid, "Brandt", way="onsite", state="waitlisted")

    hand_over(giver, heir)

    assert counts(reception) == (0, 0)


def test_a_place_kept_for_a_land_stays_there(hybrid):
    land = make_state()
    kept = make_contingent(hybrid, way="onsite", places=1, land=land)
    make_contingent(hybrid, way="onsite", places=0)
    make_rule("land-beispiel.example", level="land", land=land)
    giver = somebody(hybrid, "Ahrens", way="onsite", email="a@land-beispiel.example")
    heir = somebody(hybrid, "Brandt", way="onsite", state="waitlisted")

    with pytest.raises(actions.PlaceIsForOthers):
        hand_over(giver, heir)

    assert (giver.state, heir.state) == ("admitted", "waitlisted")
    assert counts(kept) == (1, 0)


def test_without_a_limit_the_colleague_simply_comes(hybrid):
    giver = somebody(hybrid, "Ahrens", way="onsite")
    heir = somebody(hybrid, "Brandt", way="online")

    assert hand_over(giver, heir) is None
    assert (giver.state, heir.state, heir.way) == ("cancelled", "admitted", "onsite")


def test_whoever_is_being_admitted_gets_the_place_and_no_other(hybrid, hall):
    giver = somebody(hybrid, "Ahrens", way="onsite")
    heir = make_registration(hybrid, state="in_review", email="kim@unbekannt.example", way="onsite")
    Registration.objects.filter(pk=heir.pk).update(state="admitted", decided_at=hybrid.now())

    hand_over(giver, heir)

    assert is_in(heir)
    assert counts(hall) == (1, 0)


def test_a_second_colleague_is_refused(hybrid, hall):
    giver = somebody(hybrid, "Ahrens", way="onsite")
    first = somebody(hybrid, "Brandt", way="onsite", state="waitlisted")
    second = somebody(hybrid, "Cordes", way="onsite", state="waitlisted")
    hand_over(giver, first)

    with pytest.raises(actions.NothingToHandOver):
        hand_over(giver, second)

    assert counts(hall) == (1, 1)


def test_whoever_has_a_place_needs_none(hybrid):
    make_contingent(hybrid, way="onsite", places=2)
    giver = somebody(hybrid, "Ahrens", way="onsite")
    heir = somebody(hybrid, "Brandt", way="onsite")

    with pytest.raises(actions.HasAPlace):
        hand_over(giver, heir)


def test_only_a_place_one_has_is_handed_over(hybrid, hall):
    somebody(hybrid, "Ahrens", way="onsite")
    waiting = somebody(hybrid, "Brandt", way="onsite", state="waitlisted")
    heir = somebody(hybrid, "Cordes", way="onsite", state="waitlisted")

    for giver, to in ((waiting, heir), (heir, heir)):
        with pytest.raises(actions.NothingToHandOver):
            hand_over(giver, to)


def test_a_speaker_is_nobody_else(hybrid, hall):
    invitation = make_invitation(hybrid, becomes="speaker", email="sven@stadt-musterhausen.example")
    giver = somebody(hybrid, "Sven", way="onsite", invitation=invitation)
    heir = somebody(hybrid, "Brandt", way="onsite")

    with pytest.raises(actions.NothingToHandOver):
        hand_over(giver, heir)


def test_after_the_congress_nothing_is_handed_over(hybrid, hall):
    giver = somebody(hybrid, "Ahrens", way="onsite")
    heir = somebody(hybrid, "Brandt", way="onsite", state="waitlisted")

    with pytest.raises(actions.CongressIsOver):
        actions.hand_over(registration=giver, to=heir, now=hybrid.ends_at)
