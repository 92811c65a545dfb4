"""Many want the same place at the same moment, on real connections: one has it, nobody is lost, nobody overtakes.

Each guard has its control: the same without it does the harm.
"""

import itertools
import random
import threading
import uuid
from functools import partial

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import F

from congress.models import Admission, Letter
from registration import actions
from registration.actions import contingents, places
from registration.models import Contingent, EmailCode, Place, Registration
from registration.models.registrations import email_key_of, name_key_of
from registration.place_queries import miscounts
from tests.factories import make_edition
from tests.registration import places as places_of
from tests.registration.making import OPEN, make_rule
from tests.registration.places import counts, make_contingent, place_of

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

AT_ONCE = 50
CODE = "ABCDEF"


@pytest.fixture
def edition():
    make_rule("stadt-musterhausen.example")
    return make_edition(at=OPEN, format="hybrid")


numbers = itertools.count(1)


def somebody(edition, name, **fields):
    """Another mailbox in every round: each gets so many codes an hour only."""
    return places_of.somebody(edition, f"{name}{next(numbers)}", **fields)


def in_threads(*functions):
    """Run all at once; what each gave, or the exception it ended with.

    All threads share one interpreter here: none gives up because the others are slow.
    """
    barrier = threading.Barrier(len(functions))
    given = [None] * len(functions)

    def run(number, function):
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0; SET lock_timeout = 0")
        barrier.wait()
        try:
            given[number] = function()
        except Exception as error:  # noqa: BLE001 - a refusal is an answer, too
            given[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return given


def typed(edition, number, way="onsite"):
    """Registered, with a code that only has to be typed."""
    now = edition.now()
    email, name = f"person-{number}-{uuid.uuid4().hex[:6]}@stadt-musterhausen.example", "Albers"
    registration = Registration.objects.create(
        edition=edition,
        first_name="Kim",
        last_name=name,
        body="Stadt Musterhausen",
        email=email,
        email_key=email_key_of(email),
        name_key=name_key_of("Kim", name),
        way=way,
        submitted_at=now,
        privacy_read_at=now,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    EmailCode.objects.create(
        registration=registration,
        code_hash=EmailCode.hashed(CODE, registration.pk),
        sent_at=moment,
    )
    return registration


def states(edition):
    found = list(Registration.objects.of_edition(edition).values_list("state", flat=True))
    return {state: found.count(state) for state in set(found)}


def positions(contingent):
    rows = Place.objects.waiting().filter(contingent=contingent).order_by("position")
    return list(rows.values_list("position", flat=True))


# --- The last place ----------------------------------------------------------------------------------------


def rush(edition, *, people, places):
    """Everybody types the code at the same moment, as through the page: from the code to the letter."""
    hall = make_contingent(edition, way="onsite", places=places)
    everybody = [typed(edition, number) for number in range(people)]
    given = in_threads(
        *[
            partial(actions.verify, registration=one, code=CODE, now=edition.now())
            for one in everybody
        ]
    )
    return hall, given


def test_of_fifty_for_the_last_place_one_has_it_and_all_others_wait_in_order(rounds):
    make_rule("stadt-musterhausen.example")
    for _round in range(rounds(2, 200)):
        edition = make_edition(at=OPEN, format="hybrid")

        hall, given = rush(edition, people=AT_ONCE, places=1)

        assert [answer for answer in given if isinstance(answer, Exception)] == []
        assert states(edition) == {"admitted": 1, "waitlisted": AT_ONCE - 1}
        assert positions(hall) == list(range(1, AT_ONCE))
        assert counts(hall) == (1, AT_ONCE - 1)
        assert Admission.objects.filter(edition=edition).count() == 1
        sent = Letter.objects.filter(edition=edition)
        assert sent.filter(template__endswith="/admitted.md").count() == 1
        assert sent.filter(template__endswith="/waitlisted.md").count() == AT_ONCE - 1


def test_without_the_conditional_update_the_last_place_is_sold_to_many(edition, monkeypatch):
    """The control: look, then take. Everybody looks before anybody has written, and the CHECK sees nothing."""
    barrier = threading.Barrier(8)

    def look_then_take(contingent_id, registration, *, now):
        contingent = Contingent.objects.get(pk=contingent_id)
        barrier.wait(20)
        assert contingent.is_open
        contingent.taken += 1
        contingent.save()
        return Place.objects.create(
            edition_id=registration.edition_id,
            registration=registration,
            contingent=contingent,
            state=Place.State.TAKEN,
            since=now,
        )

    monkeypatch.setattr(places, "take", look_then_take)

    hall, given = rush(edition, people=8, places=1)

    assert [answer for answer in given if isinstance(answer, Exception)] == []
    assert Place.objects.held().filter(contingent=hall).count() == 8
    (miscount,) = miscounts()  # what check_counts tells in the night
    assert (miscount.counted, miscount.rows) == ((1, 0), (8, 0))


def test_the_check_is_the_net_below_the_update(edition):
    """A counter that is raised without a look ends in the CHECK, not in a second place."""
    hall = make_contingent(edition, way="onsite", places=1)

    def take():
        with transaction.atomic():
            return Contingent.objects.filter(pk=hall.pk).update(taken=F("taken") + 1)

    given = in_threads(*[take] * 10)

    assert given.count(1) == 1
    assert sum(isinstance(answer, IntegrityError) for answer in given) == 9


def test_positions_by_look_are_given_twice(edition):
    """The control for the order: a position is read and then written, and two have the same."""
    hall = make_contingent(edition, way="onsite", places=0)
    barrier = threading.Barrier(6)

    def look():
        last = Contingent.objects.get(pk=hall.pk).last_position
        barrier.wait(20)
        Contingent.objects.filter(pk=hall.pk).update(last_position=last + 1)
        return last + 1

    given = in_threads(*[look] * 6)

    assert given == [1] * 6


# --- Given back while others come ----------------------------------------------------------------------------


def test_cancelling_while_others_come_loses_no_place_and_overtakes_nobody(edition, rounds):
    for _round in range(rounds(3, 60)):
        edition = make_edition(at=OPEN, format="hybrid")
        hall = make_contingent(edition, way="onsite", places=3)
        inside = [somebody(edition, f"Drin{n}", way="onsite") for n in range(3)]
        waiting = [
            somebody(edition, f"Wartet{n}", way="onsite", state="waitlisted") for n in range(2)
        ]
        comers = [typed(edition, number) for number in range(8)]
        acts = [
            partial(actions.cancel, registration=one, now=edition.now())
            for one in (inside[0], inside[1], waiting[0])
        ]
        acts += [
            partial(actions.verify, registration=one, code=CODE, now=edition.now())
            for one in comers
        ]
        random.shuffle(acts)

        given = in_threads(*acts)

        assert [answer for answer in given if isinstance(answer, Exception)] == []
        actions.sweep(edition)  # what was passed over because it was being changed
        assert counts(hall) == (3, 7)
        found = states(edition)
        assert (found["waitlisted"], found["cancelled"]) == (7, 3)
        # Whoever comes when nobody waits any more is in, too.
        assert found["admitted"] + found["offered"] == 3
        # Nobody who came later was offered a place before the one who had waited already.
        assert place_of(waiting[1]).is_offered
        assert len(positions(hall)) == len(set(positions(hall))) == 7


# --- Offers ----------------------------------------------------------------------------------------------------


def freed(edition, *, places, waiting):
    """Places have become free, nobody has been told yet."""
    hall = make_contingent(edition, way="onsite", places=0)
    for number in range(waiting):
        somebody(edition, f"Wartet{number}", way="onsite", state="waitlisted")
    Contingent.objects.filter(pk=hall.pk).update(places=places)
    return hall


def test_two_sweepers_offer_a_freed_place_once(rounds):
    make_rule("stadt-musterhausen.example")
    for _round in range(rounds(3, 60)):
        edition = make_edition(at=OPEN, format="hybrid")
        hall = freed(edition, places=2, waiting=5)

        given = in_threads(*[partial(actions.sweep, edition)] * 4)

        assert given == [0] * 4
        assert counts(hall) == (2, 3)
        assert positions(hall) == [3, 4, 5]
        assert states(edition) == {"offered": 2, "waitlisted": 3}
        sent = Letter.objects.filter(edition=edition, template__endswith="/place_offered.md")
        assert sent.count() == 2


def test_without_the_lock_of_the_contingent_two_sweepers_offer_more_than_there_is(
    edition, monkeypatch
):
    """The control: both read what is free before either has written. Only the CHECK ends it."""
    hall = freed(edition, places=1, waiting=2)
    barrier = threading.Barrier(2)

    def only_read(contingent_id):
        contingent = Contingent.objects.select_related("edition").get(pk=contingent_id)
        barrier.wait(20)
        return contingent

    monkeypatch.setattr(contingents, "locked_contingent", only_read)

    given = in_threads(*[partial(actions.sweep, edition)] * 2)

    assert sum(isinstance(answer, IntegrityError) for answer in given) == 1
    monkeypatch.undo()
    assert counts(hall) == (1, 1)


def test_an_offer_that_is_accepted_while_it_ends_is_one_of_both(rounds):
    make_rule("stadt-musterhausen.example")
    for _round in range(rounds(4, 60)):
        edition = make_edition(at=OPEN, format="hybrid")
        hall = freed(edition, places=1, waiting=2)
        actions.sweep(edition)
        offer = Place.objects.offered().get(contingent=hall)
        in_time = edition.now()
        Place.objects.filter(pk=offer.pk).update(offered_until=in_time)
        place = Place.objects.select_related("registration__person").get(pk=offer.pk)

        # The page was asked a moment before the end; the clock comes at the same time.
        accept = partial(
            actions.accept_place, place=place, now=in_time.replace(year=in_time.year - 1)
        )
        answer, _swept, _again = in_threads(
            accept, partial(actions.sweep, edition), partial(actions.sweep, edition)
        )

        if isinstance(answer, actions.OfferIsOver):
            assert states(edition) == {"offered": 1, "waitlisted": 1}
            assert counts(hall) == (1, 1)
        else:
            assert not isinstance(answer, Exception)
            assert states(edition) == {"admitted": 1, "waitlisted": 1}
            assert counts(hall) == (1, 1)
        assert Admission.objects.filter(edition=edition).count() == (
            0 if isinstance(answer, actions.OfferIsOver) else 1
        )


def test_without_the_lock_of_the_registration_an_ended_offer_is_accepted_all_the_same(
    edition, monkeypatch
):
    """The control: the answer reads the offer, the sweeper passes it on, the answer takes it. One place, two people."""
    hall = freed(edition, places=1, waiting=2)
    actions.sweep(edition)
    offer = Place.objects.select_related("registration__person").get(
        contingent=hall, state="offered"
    )
    read, passed = threading.Event(), threading.Event()
    whole = places.have

    def only_read(registration_id):
        return Registration.objects.select_related("edition", "person").get(pk=registration_id)

    def late(*args, **kwargs):
        read.set()
        passed.wait(20)
        whole(*args, **kwargs)

    monkeypatch.setattr(places, "locked", only_read)
    monkeypatch.setattr(places, "have", late)
    now = edition.now()

    def sweep():
        read.wait(20)
        Place.objects.filter(pk=offer.pk).update(offered_until=now)
        actions.sweep(edition)
        passed.set()

    answer, _swept = in_threads(partial(actions.accept_place, place=offer, now=now), sweep)

    assert not isinstance(answer, Exception)
    monkeypatch.undo()
    hall.refresh_from_db()
    assert Place.objects.held().filter(contingent=hall).count() == 2 > hall.places


# --- Switching and handing over ------------------------------------------------------------------------------


def test_switching_in_both_directions_at_once_ends_for_everybody(rounds):
    make_rule("stadt-musterhausen.example")
    for _round in range(rounds(3, 60)):
        edition = make_edition(at=OPEN, format="hybrid")
        hall = make_contingent(edition, way="onsite", places=6)
        screens = make_contingent(edition, way="online", places=6)
        inside = [somebody(edition, f"Vorort{n}", way="onsite") for n in range(4)]
        outside = [somebody(edition, f"Online{n}", way="online") for n in range(4)]

        given = in_threads(
            *[
                partial(actions.switch_way, registration=one, way=way, now=edition.now())
                for people, way in ((inside, "online"), (outside, "onsite"))
                for one in people
            ]
        )

        assert [answer for answer in given if isinstance(answer, Exception)] == []
        actions.sweep(edition)
        for contingent in (hall, screens):
            taken, _waiting = counts(contingent)
            assert taken <= 6
        taking_part = Place.objects.filter(
            edition=edition, state="taken", contingent__way=F("registration__way")
        )
        assert taking_part.count() == 8  # whoever had a place has one
        assert states(edition) == {"admitted": 8}


def test_a_place_goes_to_one_of_two_colleagues_and_never_to_the_list_as_well(rounds):
    make_rule("stadt-musterhausen.example")
    for _round in range(rounds(3, 60)):
        edition = make_edition(at=OPEN, format="hybrid")
        hall = make_contingent(edition, way="onsite", places=1)
        giver = somebody(edition, "Gibt", way="onsite")
        first, second, third = (
            somebody(edition, f"Wartet{n}", way="onsite", state="waitlisted") for n in range(3)
        )
        given = in_threads(
            partial(
                actions.hand_over,
                registration=Registration.objects.get(pk=giver.pk),
                to=second,
                now=edition.now(),
            ),
            partial(
                actions.hand_over,
                registration=Registration.objects.get(pk=giver.pk),
                to=third,
                now=edition.now(),
            ),
            partial(
                actions.cancel,
                registration=Registration.objects.get(pk=giver.pk),
                now=edition.now(),
            ),
        )

        refused = [answer for answer in given if isinstance(answer, Exception)]
        assert len(refused) == 2  # one of the three came first
        assert {type(answer) for answer in refused} <= {
            actions.NothingToHandOver,
            actions.CannotBeCancelled,
        }
        actions.sweep(edition)
        taken, waiting = counts(hall)
        assert taken == 1
        held = Place.objects.held().get(contingent=hall)
        assert held.registration in (first, second, third)
        assert waiting == 2
