"""Whom the help desk finds by what somebody says on the telephone."""

import pytest

from congress import desk
from congress.similar import Heard, one_letter_apart, sound
from tests.factories import NOW, make_admission, make_edition, make_role, make_user
from tests.registration.desk import browser_of, found, helper, path
from tests.registration.making import OPEN, make_registration

pytestmark = pytest.mark.django_db


def make_somebody(edition, first, last, body="Stadt Musterhausen", **fields):
    person = make_user(first_name=first, last_name=last, body=body, **fields)
    make_admission(edition, person=person)
    return person


@pytest.mark.parametrize(
    "typed",
    [
        "Jördis Weißenborn",
        "weißenborn, jördis",
        "Weissenborn",
        "joerdis",
        "jordis weiss",
        "Ministerium Weißenborn",
        "j.weissenborn@land",
        "land-beispiel.example",
        "J.WEISSENBORN@LAND-BEISPIEL.EXAMPLE",
    ],
)
def test_a_person_is_found_by_name_address_or_body(typed):
    edition = make_edition(at=NOW)
    make_somebody(
        edition,
        "Jördis",
        "Weißenborn",
        "Ministerium Beispielland",
        email="j.weissenborn@land-beispiel.example",
    )
    make_somebody(edition, "Kim", "Albers")

    assert found(edition, typed) == ["Jördis Weißenborn"]


@pytest.mark.parametrize(
    "typed", ["Weißemborn", "Weißenbron", "Waißenborn", "Wissenborn", "Jördiss Weißenborm"]
)
def test_where_nobody_is_spelt_so_whoever_sounds_so_is_found(typed):
    edition = make_edition(at=NOW)
    make_somebody(edition, "Jördis", "Weißenborn")
    make_somebody(edition, "Kim", "Albers")

    result = desk.search(edition, typed)

    assert [subject.name for subject in result.subjects] == ["Jördis Weißenborn"]
    assert result.similar


@pytest.mark.parametrize(
    ("one", "other"), [("Maier", "Meyer"), ("Schmidt", "Schmitt"), ("Stefan", "Stephan")]
)
def test_names_that_sound_the_same(one, other):
    assert sound(one) == sound(other)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("albers", "albers", True),
        ("albers", "alberts", True),
        ("albers", "abers", True),
        ("albers", "alvers", True),
        ("albers", "ablers", True),
        ("albers", "abelrs", False),
        ("albers", "albertsen", False),
        ("albers", "olbars", False),
    ],
)
def test_one_letter_apart(one, other, apart):
    assert one_letter_apart(one, other) is apart
    assert one_letter_apart(other, one) is apart


def test_a_short_name_may_be_heard_wrongly_or_have_a_letter_wrong_but_not_both():
    assert Heard(["Brock"]).may_be("Gesa Brok")
    assert Heard(["Brik"]).may_be("Gesa Brok")
    assert not Heard(["Brock"]).may_be("Digitalbotschafter Blog")


def test_every_word_must_be_heard_in_the_same_name():
    names = [(1, "kim albers"), (2, "uwe albers"), (3, "kim petersen\nbauamt"), (4, "")]

    assert list(Heard(["Albersx"]).among(names)) == [1, 2]
    assert list(Heard(["Kimm", "Albert"]).among(names)) == [1]
    assert list(Heard(["Bauammt"]).among(names)) == [3]
    assert list(Heard(["Kimm", "Xylophon"]).among(names)) == []
    assert list(Heard(["Albersx"]).among([])) == []


def test_of_many_words_that_sound_alike_each_is_found():
    names = [(number, f"kim sch{letter}midt") for number, letter in enumerate("abcdefghijkl")]

    assert list(Heard(["Mitt"]).among(names)) == list(range(12))


def test_two_letters_are_too_few_to_sound_like_anybody():
    assert not Heard(["al"])


def test_one_letter_finds_nobody_rather_than_half_of_all():
    edition = make_edition(at=NOW)
    make_somebody(edition, "Kim", "Albers")

    assert found(edition, "a") == []


def test_whose_name_begins_so_comes_first():
    edition = make_edition(at=NOW)
    make_somebody(edition, "Ute", "Halberstadt")
    make_somebody(edition, "Kim", "Albers")

    assert found(edition, "alber") == ["Kim Albers", "Ute Halberstadt"]


def test_too_many_are_cut_and_said_to_be():
    edition = make_edition(at=NOW)
    for _ in range(desk.MOST_FOUND + 1):
        make_somebody(edition, "Kim", "Albers")

    result = desk.search(edition, "Albers")

    assert (len(result.subjects), result.more) == (desk.MOST_FOUND, True)


def test_nobody_of_another_edition_is_found():
    edition, other = make_edition(at=NOW), make_edition(at=NOW)
    person = make_somebody(other, "Kim", "Albers")

    assert found(edition, "Albers") == []
    assert desk.subject_of(edition, f"person-{person.pk}") is None


def test_simulated_viewers_of_a_rehearsal_are_nobody():
    edition = make_edition(at=NOW)
    make_admission(edition, person=make_user(last_name="Probelauf"), kind="rehearsal")

    assert found(edition, "Probelauf") == []


def test_people_of_the_team_are_found():
    edition = make_edition(at=NOW)
    make_role("moderator", edition, person=make_user(first_name="Milan", last_name="Öztürk"))

    assert found(edition, "Oeztuerk") == ["Milan Öztürk"]


def test_a_registration_whose_address_is_not_confirmed_is_found_and_is_no_person(rules):
    edition = make_edition(at=OPEN)
    registration = make_registration(edition, last_name="Timm")

    (subject,) = desk.search(edition, "timm musterhausen").subjects

    assert (subject.key, subject.person) == (f"anmeldung-{registration.pk}", None)


def test_a_person_with_a_registration_is_found_once(rules):
    edition = make_edition(at=OPEN)
    make_registration(edition, state="admitted")

    assert found(edition, "Albers") == ["Kim Albers"]


@pytest.mark.parametrize("typed", ["%", "_", "a%b", "\\", "' OR 1=1", "a" * 500, "\x00\x1b", "…"])
def test_whatever_is_typed_is_looked_for_as_it_stands(typed):
    edition = make_edition(at=NOW)
    make_somebody(edition, "Kim", "Albers")

    assert found(edition, typed) == []


def test_the_same_number_of_queries_for_two_and_for_twelve(
    rules, django_assert_max_num_queries, django_assert_num_queries
):
    edition = make_edition(at=OPEN)
    make_registration(edition, first_name="Kim1", email="a1@stadt-musterhausen.example")
    make_registration(
        edition, first_name="Kim2", email="a2@stadt-musterhausen.example", state="admitted"
    )

    def look():
        subjects = desk.search(edition, "Albers").subjects
        return desk.cases(edition, OPEN, subjects)

    with django_assert_max_num_queries(30) as one:
        assert len(look()) == 2
        queries = len(one)
    for number in range(3, 13):
        make_registration(
            edition,
            first_name=f"Kim{number}",
            email=f"a{number}@stadt-musterhausen.example",
            state="admitted" if number % 2 else "unverified",
        )
    with django_assert_num_queries(queries):
        assert len(look()) == 12


# --- The page -----------------------------------------------------------------------------------------------


def test_the_search_is_a_post_so_that_no_name_stands_in_an_address():
    edition = make_edition(at=NOW)
    make_somebody(edition, "Kim", "Albers")
    client = browser_of(helper(edition))

    page = client.get(path(edition) + "?wen=Albers").content.decode()
    answer = client.post(path(edition), {"wen": "Albers"})

    assert 'method="post"' in page
    assert "Kim Albers" not in page
    assert "Kim Albers" in answer.content.decode()
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_while_typing_only_the_results_come_back():
    edition = make_edition(at=NOW)
    make_somebody(edition, "Kim", "Albers")
    client = browser_of(helper(edition))

    part = client.post(path(edition), {"wen": "Albe"}, headers={"HX-Request": "true"})

    text = part.content.decode()
    assert "<html" not in text
    assert "Kim Albers" in text
    assert "1 Person gefunden" in text


def test_the_search_changes_nothing():
    from congress.models import JournalEntry

    edition = make_edition(at=NOW)
    make_somebody(edition, "Kim", "Albers")
    client = browser_of(helper(edition))
    before = JournalEntry.objects.count()

    client.post(path(edition), {"wen": "Albers"})

    assert JournalEntry.objects.count() == before


def test_nobody_found_leads_to_registering_here():
    edition = make_edition(at=NOW)
    client = browser_of(helper(edition))

    page = client.post(path(edition), {"wen": "Niemand <b>"}).content.decode()

    assert "Nicht angemeldet" in page
    assert f'href="{path(edition, "neu")}"' in page
    assert "<b>" not in page.split("Nicht angemeldet")[1].split("</p>")[0]


def test_a_broken_key_is_no_case():
    edition = make_edition(at=NOW)
    client = browser_of(helper(edition))

    for key in ("person-0", "person-x", "nichts-1", "person-99999999999999999"):
        assert client.get(path(edition, key)).status_code == 404
