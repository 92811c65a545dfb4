"""Places: taken by one, waited for in order, offered in time, given back in the same moment."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection

from congress import mail
from congress.actions import turn_clock
from congress.models import Admission, JournalEntry
from registration import actions
from registration.models import Contingent, Place, Registration
from tests.factories import make_edition, make_role, make_state, make_user, set_clock
from tests.registration.making import OPEN, letters, make_invitation, make_registration
from tests.registration.places import counts, make_contingent, place_of, somebody

pytestmark = pytest.mark.django_db

HOURS = timedelta(hours=1)


def text_of(letter):
    return str(mail.render(letter, mint=False).body)


def later(edition, **time):
    """The edition's clock goes on."""
    set_clock(edition, edition.now() + timedelta(**time))


# --- Getting one -----------------------------------------------------------------------------------------


def test_without_a_contingent_there_is_no_limit(edition, rules):
    registration = somebody(edition, "Ahrens")

    assert registration.state == "admitted"
    assert not registration.places.exists()


def test_the_last_place_is_taken_and_the_next_person_waits(edition, rules):
    contingent = make_contingent(edition, places=1)

    first = somebody(edition, "Ahrens")
    second = somebody(edition, "Brandt", state="waitlisted")
    third = somebody(edition, "Cordes", state="waitlisted")

    assert place_of(first).state == "taken"
    assert [place_of(second).position, place_of(third).position] == [1, 2]
    assert counts(contingent) == (1, 2)
    assert not Admission.objects.filter(person=second.person).exists()


def test_a_contingent_without_limit_counts(edition, rules):
    contingent = make_contingent(edition, places=None)

    somebody(edition, "Ahrens")
    somebody(edition, "Brandt")

    assert counts(contingent) == (2, 0)


def test_who_waits_is_told_the_position_and_what_happens_next(edition, rules):
    make_contingent(edition, places=0)
    somebody(edition, "Ahrens", state="waitlisted")

    somebody(edition, "Brandt", state="waitlisted")

    text = text_of(letters("waitlisted")[-1])
    assert "Sie stehen auf Platz 2 der Warteliste." in text
    assert "/2021/meine-anmeldung/" in text
    assert letters("admitted") == []


def test_whoever_shares_a_mailbox_comes_to_the_list_by_a_personal_link(edition, rules):
    make_contingent(edition, places=0)

    somebody(edition, "Ahrens", state="waitlisted", email="poststelle@stadt-musterhausen.example")

    (letter,) = letters("waitlisted")
    assert "/zugang/attendee_…/" in text_of(letter)
    assert "/meine-anmeldung/" not in text_of(letter)


def test_whoever_comes_while_others_wait_does_not_overtake_them(edition, rules):
    contingent = make_contingent(edition, places=0)
    somebody(edition, "Ahrens", state="waitlisted")
    Contingent.objects.filter(pk=contingent.pk).update(places=2)  # free, and not yet offered

    second = somebody(edition, "Brandt", state="offered")

    assert Registration.objects.get(last_name="Ahrens").state == "offered"
    assert place_of(second).state == "offered"
    assert counts(contingent) == (2, 0)


@pytest.mark.parametrize(
    ("circles", "chosen"),
    [
        ([{}, {"level": "kommune"}], 1),
        ([{"level": "kommune"}, {"land": "SN"}], 1),
        ([{"land": "SN"}, {"level": "kommune", "land": "SN"}], 1),
        ([{"level": "bund"}, {"land": "BY"}, {}], 2),
        ([{"way": "onsite"}, {}], 1),
    ],
)
def test_the_most_specific_contingent_that_fits_counts(edition, rules, circles, chosen):
    for code in ("SN", "BY"):
        make_state(code)
    rule = rules_of("stadt-musterhausen.example")
    rule.land_id = "SN"
    rule.save()
    made = [
        make_contingent(edition, **{("land_id" if k == "land" else k): v for k, v in one.items()})
        for one in circles
    ]

    registration = somebody(edition, "Ahrens")

    assert place_of(registration).contingent == made[chosen]


def rules_of(domain):
    from registration.models import DomainRule

    return DomainRule.objects.get(domain=domain)


def test_whom_no_contingent_is_meant_for_has_no_limit(edition, rules):
    contingent = make_contingent(edition, level="bund", places=0)

    registration = somebody(edition, "Ahrens")

    assert registration.state == "admitted"
    assert counts(contingent) == (0, 0)


def test_whoever_a_person_admits_waits_too_where_all_is_taken(edition, rules):
    contingent = make_contingent(edition, places=0)
    registration = somebody(edition, "Ahrens", state="in_review", email="ahrens@frei.example")

    actions.admit(registration=registration, by=make_user(), now=edition.now())

    registration.refresh_from_db()
    assert registration.state == "waitlisted"
    assert counts(contingent) == (0, 1)


def test_the_way_follows_the_format_of_the_edition(rules):
    for form, way in (("virtual", "online"), ("onsite", "onsite"), ("hybrid", "online")):
        edition = make_edition(at=OPEN, format=form)
        assert make_registration(edition).way == way
    assert make_registration(edition, way="onsite", first_name="Pia").way == "onsite"


def test_whoever_is_invited_to_speak_needs_no_place(edition, rules):
    contingent = make_contingent(edition, places=0)
    invitation = make_invitation(
        edition, becomes="speaker", email="ahrens@stadt-musterhausen.example"
    )

    registration = somebody(edition, "Ahrens", invitation=invitation)

    assert registration.state == "admitted"
    assert counts(contingent) == (0, 0)


def test_whoever_becomes_a_speaker_leaves_the_place_to_the_next(edition, rules):
    contingent = make_contingent(edition, places=1)
    first = somebody(edition, "Ahrens")
    second = somebody(edition, "Brandt", state="waitlisted")
    invitation = make_invitation(edition, becomes="speaker", email=first.email)

    assert actions.follow_invitation(first, invitation.pk, now=edition.now())

    second.refresh_from_db()
    assert second.state == "offered"
    assert counts(contingent) == (1, 0)
    assert Admission.objects.get(person=first.person).kind == "speaker"


def test_whoever_waits_and_becomes_a_speaker_is_in(edition, rules):
    contingent = make_contingent(edition, places=0)
    first = somebody(edition, "Ahrens", state="waitlisted")
    invitation = make_invitation(edition, becomes="speaker", email=first.email)

    actions.follow_invitation(first, invitation.pk, now=edition.now())

    first.refresh_from_db()
    assert first.state == "admitted"
    assert counts(contingent) == (0, 0)


# --- Giving back -----------------------------------------------------------------------------------------


def test_a_cancelled_place_is_offered_to_the_first_in_line(edition, rules):
    contingent = make_contingent(edition, places=1)
    first = somebody(edition, "Ahrens")
    second = somebody(edition, "Brandt", state="waitlisted")
    third = somebody(edition, "Cordes", state="waitlisted")

    actions.cancel(registration=first, now=edition.now())

    second.refresh_from_db()
    assert second.state == "offered"
    assert place_of(third).rank == 1
    assert counts(contingent) == (1, 1)
    (letter,) = letters("place_offered")
    assert letter.to == "brandt@stadt-musterhausen.example"
    assert "bis 3. März 2021" in text_of(letter)
    assert "/2021/anmeldung/platz/offer_…/" in text_of(letter)


def test_whoever_leaves_the_list_moves_the_others_up(edition, rules):
    contingent = make_contingent(edition, places=0)
    first = somebody(edition, "Ahrens", state="waitlisted")
    second = somebody(edition, "Brandt", state="waitlisted")

    actions.cancel(registration=first, now=edition.now())

    assert (place_of(second).rank, place_of(second).position) == (1, 2)
    assert counts(contingent) == (0, 1)


def test_whoever_cancels_an_offer_passes_it_on(edition, rules):
    contingent = make_contingent(edition, places=1)
    first = somebody(edition, "Ahrens")
    second = somebody(edition, "Brandt", state="waitlisted")
    third = somebody(edition, "Cordes", state="waitlisted")
    actions.cancel(registration=first, now=edition.now())

    actions.cancel(registration=second, now=edition.now())

    third.refresh_from_db()
    assert third.state == "offered"
    assert counts(contingent) == (1, 0)


def test_more_places_are_offered_at_once_in_the_order_of_the_list(edition, rules):
    contingent = make_contingent(edition, places=0)
    people = [
        somebody(edition, name, state="waitlisted") for name in ("Ahrens", "Brandt", "Cordes")
    ]

    actions.change_places(contingent=contingent, places=2, by=make_user(), now=edition.now())

    for person in people:
        person.refresh_from_db()
    assert [person.state for person in people] == ["offered", "offered", "waitlisted"]
    assert counts(contingent) == (2, 1)
    entry = JournalEntry.objects.get(verb="contingent.places_changed")
    assert entry.details == {"before": 0, "after": 2}


def test_without_limit_everybody_on_the_list_gets_an_offer(edition, rules):
    contingent = make_contingent(edition, places=0)
    somebody(edition, "Ahrens", state="waitlisted")
    somebody(edition, "Brandt", state="waitlisted")

    actions.change_places(contingent=contingent, places=None, by=make_user(), now=edition.now())

    assert counts(contingent) == (2, 0)


def test_fewer_places_than_are_taken_are_refused(edition, rules):
    contingent = make_contingent(edition, places=3)
    somebody(edition, "Ahrens")
    somebody(edition, "Brandt")

    with pytest.raises(actions.TooFewPlaces, match="2 "):
        actions.change_places(contingent=contingent, places=1, by=make_user(), now=edition.now())

    contingent.refresh_from_db()
    assert contingent.places == 3


# --- Offers -----------------------------------------------------------------------------------------------


@pytest.fixture
def offered(edition, rules):
    """One place, offered to Ahrens; Brandt stands behind."""
    contingent = make_contingent(edition, places=0)
    first = somebody(edition, "Ahrens", state="waitlisted")
    somebody(edition, "Brandt", state="waitlisted")
    actions.change_places(contingent=contingent, places=1, by=None, now=edition.now())
    first.refresh_from_db()
    return first


def test_whoever_accepts_is_in(edition, offered):
    actions.accept_place(place=place_of(offered), now=edition.now())

    offered.refresh_from_db()
    assert offered.state == "admitted"
    assert Admission.objects.in_force().filter(person=offered.person).exists()
    assert [letter.to for letter in letters("admitted")] == [offered.email]
    assert counts(place_of(offered).contingent) == (1, 1)


def test_accepting_twice_says_the_same(edition, offered):
    place = place_of(offered)
    actions.accept_place(place=place, now=edition.now())

    again = actions.accept_place(place=place, now=edition.now() + 100 * HOURS)

    assert again.state == "taken"
    assert counts(again.contingent) == (1, 1)
    assert len(letters("admitted")) == 1


def test_an_offer_that_passed_goes_to_the_next_and_the_person_to_the_end(edition, offered):
    later(edition, hours=49)

    assert actions.sweep() == 1

    offered.refresh_from_db()
    second = Registration.objects.get(last_name="Brandt")
    assert (offered.state, second.state) == ("waitlisted", "offered")
    assert place_of(offered).position == 3
    assert counts(place_of(offered).contingent) == (1, 1)
    (letter,) = letters("offer_passed")
    assert letter.to == offered.email
    assert "jetzt auf Platz 1" in text_of(letter)


def test_sweeping_again_finds_nothing(edition, offered):
    later(edition, hours=49)
    actions.sweep()

    assert actions.sweep() == 0
    assert len(letters("place_offered")) == 2


def test_before_its_end_an_offer_stands(edition, offered):
    later(edition, hours=47)

    assert actions.sweep() == 0
    offered.refresh_from_db()
    assert offered.state == "offered"


def test_an_offer_is_over_at_its_end_whether_it_was_swept_or_not(edition, offered):
    end = place_of(offered).offered_until

    with pytest.raises(actions.OfferIsOver):
        actions.accept_place(place=place_of(offered), now=end)

    actions.accept_place(place=place_of(offered), now=end - timedelta(seconds=1))


def test_whoever_missed_two_offers_is_asked_before_the_next(edition, rules):
    contingent = make_contingent(edition, places=0)
    person = somebody(edition, "Ahrens", state="waitlisted")
    actions.change_places(contingent=contingent, places=1, by=None, now=edition.now())
    for _ in range(2):
        later(edition, hours=49)
        actions.sweep()

    person.refresh_from_db()
    assert person.state == "waitlisted"
    assert place_of(person).rests
    assert counts(contingent) == (0, 1)
    assert len(letters("place_offered")) == 2
    assert "wenn Sie uns sagen, dass Sie noch kommen möchten" in text_of(
        letters("offer_passed")[-1]
    )

    actions.wait_on(place=place_of(person), now=edition.now())
    person.refresh_from_db()
    assert person.state == "offered"


def test_people_whose_offers_rest_hold_nobody_up(edition, rules):
    contingent = make_contingent(edition, places=0)
    somebody(edition, "Ahrens", state="waitlisted")
    actions.change_places(contingent=contingent, places=1, by=None, now=edition.now())
    Place.objects.update(missed=1)
    later(edition, hours=49)
    actions.sweep()

    somebody(edition, "Brandt", state="offered")

    assert counts(contingent) == (1, 1)


def test_near_the_congress_half_of_the_time_that_is_left_remains_for_the_next(edition, rules):
    make_contingent(edition, places=1)
    first = somebody(edition, "Ahrens")
    second = somebody(edition, "Brandt", state="waitlisted")
    now = edition.starts_at - timedelta(hours=8)

    actions.cancel(registration=first, now=now)

    assert place_of(second).offered_until == edition.starts_at - timedelta(hours=4)


def test_in_the_last_hour_nothing_is_offered(edition, rules):
    contingent = make_contingent(edition, places=1)
    first = somebody(edition, "Ahrens")
    second = somebody(edition, "Brandt", state="waitlisted")

    actions.cancel(registration=first, now=edition.starts_at - timedelta(minutes=59))

    assert place_of(second).state == "waiting"
    assert counts(contingent) == (0, 1)


def test_turning_the_clock_of_an_exercise_ends_offers(edition, offered):
    turn_clock(edition=edition, to=datetime(2021, 3, 10, tzinfo=UTC))

    offered.refresh_from_db()
    assert offered.state == "waitlisted"
    assert Registration.objects.get(last_name="Brandt").state == "offered"


def test_who_is_being_changed_at_this_moment_does_not_hold_the_list_up(edition, rules):
    """A registration back in review keeps its position and is offered nothing."""
    contingent = make_contingent(edition, places=0)
    first = somebody(edition, "Ahrens", state="waitlisted")
    second = somebody(edition, "Brandt", state="waitlisted")
    Registration.objects.filter(pk=first.pk).update(state="in_review")

    actions.change_places(contingent=contingent, places=1, by=None, now=edition.now())

    second.refresh_from_db()
    assert second.state == "offered"
    assert place_of(first).position == 1

    actions.admit(registration=first, by=make_user(), now=edition.now())
    first.refresh_from_db()
    assert (first.state, place_of(first).position) == ("waitlisted", 1)


# --- Given by hand ----------------------------------------------------------------------------------------


def test_an_organiser_gives_a_free_place_to_somebody_further_down(edition, rules):
    contingent = make_contingent(edition, places=0)
    somebody(edition, "Ahrens", state="waitlisted")
    second = somebody(edition, "Brandt", state="waitlisted")
    Contingent.objects.update(places=1)

    actions.give_place(place=place_of(second), by=make_role("organiser").person, now=edition.now())

    second.refresh_from_db()
    assert second.state == "admitted"
    assert counts(contingent) == (1, 1)
    assert JournalEntry.objects.filter(verb="registration.place_given").count() == 1


def test_where_all_are_taken_giving_is_refused_unless_one_more_is_made(edition, rules):
    contingent = make_contingent(edition, places=1)
    somebody(edition, "Ahrens")
    second = somebody(edition, "Brandt", state="waitlisted")
    by, now = make_role("organiser").person, edition.now()

    with pytest.raises(actions.NoPlaceLeft):
        actions.give_place(place=place_of(second), by=by, now=now)
    actions.give_place(place=place_of(second), by=by, now=now, one_more=True)
    actions.give_place(place=place_of(second), by=by, now=now, one_more=True)  # twice does no harm

    second.refresh_from_db()
    assert second.state == "admitted"
    assert counts(contingent) == (2, 0)
    assert contingent.places == 2


def test_an_offered_place_can_be_given_by_hand(edition, offered):
    actions.give_place(place=place_of(offered), by=make_role("organiser").person, now=edition.now())

    offered.refresh_from_db()
    assert offered.state == "admitted"
    assert counts(place_of(offered).contingent) == (1, 1)


def test_nobody_who_has_left_the_list_is_given_a_place(edition, rules):
    make_contingent(edition, places=0)
    first = somebody(edition, "Ahrens", state="waitlisted")
    place = place_of(first)
    actions.cancel(registration=first, now=edition.now())

    with pytest.raises(actions.NotOnTheList):
        actions.give_place(place=place, by=make_user(), now=edition.now())


def test_after_the_congress_nothing_is_given(edition, rules):
    make_contingent(edition, places=0)
    first = somebody(edition, "Ahrens", state="waitlisted")

    with pytest.raises(actions.CongressIsOver):
        actions.give_place(place=place_of(first), by=make_user(), now=edition.ends_at)


# --- Optional items ---------------------------------------------------------------------------------------


@pytest.fixture
def tour(edition):
    return make_contingent(edition, title_de="Rundgang", places=1)


@pytest.fixture
def dinner(edition):
    return make_contingent(edition, title_de="Abendempfang", places=1)


def choose(edition, registration, *items):
    return actions.choose_items(
        registration=registration, wanted=[item.pk for item in items], now=edition.now()
    )


def test_several_items_are_booked_at_once(edition, rules, tour, dinner):
    registration = somebody(edition, "Ahrens")

    places = choose(edition, registration, dinner, tour)

    assert sorted(place.contingent_id for place in places) == [tour.pk, dinner.pk]
    assert (counts(tour), counts(dinner)) == ((1, 0), (1, 0))


def test_choosing_the_same_twice_is_one_place(edition, rules, tour):
    registration = somebody(edition, "Ahrens")

    choose(edition, registration, tour)
    choose(edition, registration, tour)

    assert counts(tour) == (1, 0)


def test_an_item_that_is_full_has_a_list_and_offers_what_is_given_back(edition, rules, tour):
    first, second = somebody(edition, "Ahrens"), somebody(edition, "Brandt")
    choose(edition, first, tour)
    choose(edition, second, tour)
    assert counts(tour) == (1, 1)

    choose(edition, first)

    assert place_of(second, tour).state == "offered"
    second.refresh_from_db()
    assert second.state == "admitted"
    (letter,) = letters("item_offered")
    assert letter.to == second.email
    assert "Rundgang" in text_of(letter)

    actions.accept_place(place=place_of(second, tour), now=edition.now())
    assert place_of(second, tour).state == "taken"
    assert counts(tour) == (1, 0)


def test_an_offered_item_that_nobody_takes_goes_on(edition, rules, tour):
    first, second, third = (somebody(edition, name) for name in ("Ahrens", "Brandt", "Cordes"))
    for person in (first, second, third):
        choose(edition, person, tour)
    choose(edition, first)
    later(edition, hours=49)

    actions.sweep()

    assert place_of(third, tour).state == "offered"
    assert place_of(second, tour).state == "waiting"
    assert "Rundgang" in text_of(letters("item_offer_passed")[0])
    second.refresh_from_db()
    assert second.state == "admitted"


def test_with_the_registration_its_items_are_given_back(edition, rules, tour, dinner):
    contingent = make_contingent(edition, places=5)
    first, second = somebody(edition, "Ahrens"), somebody(edition, "Brandt")
    choose(edition, first, tour, dinner)
    choose(edition, second, tour)

    actions.cancel(registration=first, now=edition.now())

    assert not first.places.exists()
    assert place_of(second, tour).state == "offered"
    assert (counts(contingent), counts(tour), counts(dinner)) == ((1, 0), (1, 0), (0, 0))


def test_items_are_for_those_who_have_a_place(edition, rules, tour):
    make_contingent(edition, places=0)
    registration = somebody(edition, "Ahrens", state="waitlisted")

    with pytest.raises(actions.NotAdmitted):
        choose(edition, registration, tour)


def test_an_item_for_others_is_not_booked(edition, rules):
    onsite = make_contingent(edition, title_de="Mittagessen", way="onsite")
    registration = somebody(edition, "Ahrens")

    assert choose(edition, registration, onsite) == []


def test_an_item_that_has_begun_stays_as_it_is(edition, rules):
    tour = make_contingent(edition, title_de="Rundgang", starts_at=OPEN + 2 * HOURS)
    first, second = somebody(edition, "Ahrens"), somebody(edition, "Brandt")
    choose(edition, first, tour)
    later(edition, hours=3)

    choose(edition, first)
    choose(edition, second, tour)

    assert counts(tour) == (1, 0)


def test_an_offer_for_an_item_ends_before_it_begins(edition, rules):
    tour = make_contingent(edition, title_de="Rundgang", starts_at=OPEN + 10 * HOURS)
    first, second = somebody(edition, "Ahrens"), somebody(edition, "Brandt")
    choose(edition, first, tour)
    choose(edition, second, tour)

    choose(edition, first)

    assert place_of(second, tour).offered_until < OPEN + 6 * HOURS


# --- The database holds it --------------------------------------------------------------------------------


def test_a_counter_never_rises_above_the_number(edition):
    contingent = make_contingent(edition, places=1)

    with pytest.raises(IntegrityError, match="never_more_places_taken_than_there_are"):
        Contingent.objects.filter(pk=contingent.pk).update(taken=2)


def test_one_row_for_a_registration_and_a_contingent(edition, rules):
    contingent = make_contingent(edition, places=2)
    registration = somebody(edition, "Ahrens")

    with pytest.raises(IntegrityError, match="one_place_per_registration_and_contingent"):
        Place.objects.create(
            edition=edition,
            registration=registration,
            contingent=contingent,
            state="taken",
            since=OPEN,
        )


def test_a_place_belongs_to_the_edition_of_its_contingent(edition, rules):
    other = make_contingent(make_edition(at=OPEN))
    registration = somebody(edition, "Ahrens")

    Place.objects.create(
        edition=edition, registration=registration, contingent=other, state="taken", since=OPEN
    )

    with pytest.raises(IntegrityError, match="same_edition"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_an_edition_is_erased_with_its_places(edition, rules):
    make_contingent(edition)
    somebody(edition, "Ahrens")

    edition.delete()

    assert not Place.objects.exists()
