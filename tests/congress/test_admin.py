"""What staff can do in the admin, and what is refused. That foreign editions stay hidden: test_admin_walk."""

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.urls import reverse

from congress import panels
from congress.admin_site import StaffSite
from congress.models import Edition, JournalEntry, Page, Role, Stage, User
from tests.factories import (
    NOW,
    make_admission,
    make_edition,
    make_link,
    make_role,
    make_stage,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition():
    return make_edition(at=NOW)


@pytest.fixture
def other():
    return make_edition(at=NOW, title_de="Anderer Kongress")


@pytest.fixture
def organiser(edition, client):
    """A browser in which the organiser of `edition` is signed in."""
    client.person = make_role("organiser", edition).person
    client.force_login(client.person)
    return client


@pytest.fixture
def fitko(client_factory):
    browser = client_factory()
    browser.person = make_role("organiser").person
    browser.force_login(browser.person)
    return browser


def errors(response):
    return dict(response.context["adminform"].form.errors)


def said(response):
    return [str(message) for message in response.context["messages"]]


def decide(browser, row, action, **more):
    opts = row._meta
    return browser.post(
        reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist"),
        {"action": action, ACTION_CHECKBOX_NAME: [row.pk], **more},
        follow=True,
    )


def insist_on_constraints():
    """Deferred constraints are checked at the commit, which a test never reaches."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


# --- Adding and changing ------------------------------------------------------------------------------


STAGE = {
    "slug": "saal",
    "name_de": "Saal",
    "name_en": "",
    "position": "1",
    "main_stream_url": "",
    "backup_stream_url": "",
}


def test_an_organiser_adds_a_stage_to_the_own_edition(organiser, edition):
    organiser.post(reverse("admin:congress_stage_add"), STAGE | {"edition": edition.pk})

    assert [stage.edition for stage in Stage.objects.all()] == [edition]
    entry = JournalEntry.objects.get(verb="admin.added")
    assert (entry.edition, entry.actor) == (edition, organiser.person)


def test_a_stage_of_another_edition_cannot_be_added(organiser, other):
    response = organiser.post(reverse("admin:congress_stage_add"), STAGE | {"edition": other.pk})

    assert list(errors(response)) == ["edition"]
    assert not Stage.objects.exists()


def test_a_row_stays_in_its_edition(organiser, edition, other):
    stage = make_stage(edition)

    organiser.post(
        reverse("admin:congress_stage_change", args=[stage.pk]),
        STAGE | {"edition": other.pk, "name_de": "Neu"},
    )

    stage.refresh_from_db()
    assert (stage.name_de, stage.edition) == ("Neu", edition)


def test_a_page_for_all_editions_is_written_by_those_who_work_for_all(organiser, fitko):
    page = {
        "slug": "impressum-neu",
        "edition": "",
        "title_de": "Impressum",
        "title_en": "",
        "body_de": "Text",
        "body_en": "",
    }

    response = organiser.post(reverse("admin:congress_page_add"), page)
    assert list(errors(response)) == ["edition"]
    fitko.post(reverse("admin:congress_page_add"), page)

    assert [page.edition for page in Page.objects.filter(slug="impressum-neu")] == [None]


def test_unreadable_accent_colours_are_refused_with_a_sentence(organiser, edition):
    response = organiser.get(reverse("admin:congress_edition_change", args=[edition.pk]))
    values = _form_values(response) | {"accent": "#ffee00", "accent_dark": "blau"}

    response = organiser.post(reverse("admin:congress_edition_change", args=[edition.pk]), values)

    assert set(errors(response)) == {"accent", "accent_dark"}


def _form_values(response):
    form = response.context["adminform"].form
    values = {}
    for field in form:
        value = field.field.prepare_value(field.value()) if field.value() is not None else ""
        shown = (
            field.field.widget.format_value(value)
            if hasattr(field.field.widget, "format_value")
            else value
        )
        if isinstance(value, bool):
            if value:
                values[field.html_name] = "on"
        else:
            values[field.html_name] = shown[0] if isinstance(shown, list) and shown else shown or ""
        if field.field.show_hidden_initial:
            values[field.html_initial_name] = values[field.html_name]
    return values


def test_an_organiser_turns_the_clock_of_a_practice_edition(organiser, edition):
    address = reverse("admin:congress_edition_change", args=[edition.pk])
    values = _form_values(organiser.get(address)) | {"present": "2021-03-16T12:55"}

    response = organiser.post(address, values)

    assert response.status_code == 302
    edition.refresh_from_db()
    assert f"{edition.local(edition.now()):%d.%m.%Y %H:%M}" == "16.03.2021 12:55"
    assert JournalEntry.objects.filter(verb="edition.clock_turned", actor=organiser.person).exists()


def test_saving_without_touching_the_clock_leaves_it_alone(organiser, edition):
    address = reverse("admin:congress_edition_change", args=[edition.pk])
    before = edition.clock_shift

    response = organiser.post(address, _form_values(organiser.get(address)) | {"city": "Leipzig"})

    assert response.status_code == 302
    edition.refresh_from_db()
    assert (edition.city, edition.clock_shift) == ("Leipzig", before)


def test_a_real_edition_has_no_clock_to_turn(fitko):
    edition = make_edition(practice=False)
    address = reverse("admin:congress_edition_change", args=[edition.pk])
    response = fitko.get(address)
    assert "present" not in response.context["adminform"].form.fields

    response = fitko.post(address, _form_values(response) | {"present": "2021-03-16T12:55"})

    assert response.status_code == 302
    edition.refresh_from_db()
    assert not edition.clock_shift


def test_a_host_decides_neither_address_nor_reality_of_the_edition(organiser, edition):
    address = reverse("admin:congress_edition_change", args=[edition.pk])
    before = edition.slug

    organiser.post(address, _form_values(organiser.get(address)) | {"slug": "2030", "practice": ""})

    edition.refresh_from_db()
    assert (edition.slug, edition.practice) == (before, True)


def test_only_those_who_work_for_all_editions_begin_one(organiser, fitko):
    assert organiser.get(reverse("admin:congress_edition_add")).status_code == 403
    assert fitko.get(reverse("admin:congress_edition_add")).status_code == 200


# --- Roles -------------------------------------------------------------------------------------------


def role_form(**fields):
    return {
        "person": "",
        "address": "",
        "edition": "",
        "kind": "moderator",
        "stage": "",
        "valid_from": "",
        "valid_until": "",
    } | fields


def test_an_organiser_gives_a_role_of_the_own_edition(organiser, edition):
    person = make_admission(edition).person

    organiser.post(
        reverse("admin:congress_role_add"), role_form(person=person.pk, edition=edition.pk)
    )

    role = Role.objects.get(person=person)
    assert (role.kind, role.edition) == ("moderator", edition)
    assert role.history.get().history_user == organiser.person
    entry = JournalEntry.objects.get(verb="role.given")
    assert (entry.actor, entry.person, entry.edition) == (organiser.person, person, edition)


@pytest.mark.parametrize("where", ["other", "everywhere"])
def test_no_role_beyond_the_own_edition_can_be_given(where, organiser, edition, other):
    person = make_admission(edition).person
    target = other.pk if where == "other" else ""

    response = organiser.post(
        reverse("admin:congress_role_add"),
        role_form(person=person.pk, edition=target, kind="organiser"),
    )

    assert list(errors(response)) == ["edition"]
    assert not Role.objects.filter(person=person).exists()


def test_a_role_for_all_editions_is_given_by_whoever_holds_one(fitko, edition):
    person = make_admission(edition).person

    fitko.post(reverse("admin:congress_role_add"), role_form(person=person.pk, kind="organiser"))

    assert Role.objects.get(person=person).edition is None


def test_a_person_of_another_edition_cannot_be_chosen(organiser, edition, other):
    person = make_admission(other).person

    response = organiser.post(
        reverse("admin:congress_role_add"), role_form(person=person.pk, edition=edition.pk)
    )

    assert list(errors(response)) == ["person"]
    assert not Role.objects.filter(person=person).exists()


def test_a_stage_of_another_edition_cannot_be_named(fitko, edition, other):
    """Even by somebody who may choose both: what belongs together is held together."""
    person, stage = make_admission(edition).person, make_stage(other)

    response = fitko.post(
        reverse("admin:congress_role_add"),
        role_form(person=person.pk, edition=edition.pk, stage=stage.pk),
    )

    assert list(errors(response)) == ["stage"]
    assert not Role.objects.filter(person=person).exists()
    insist_on_constraints()


def test_somebody_new_is_given_a_role_by_address(organiser, edition):
    organiser.post(
        reverse("admin:congress_role_add"),
        role_form(address="Neu.Person@Stadt-Musterhausen.example", edition=edition.pk),
    )

    person = User.objects.get(email="neu.person@stadt-musterhausen.example")
    assert [role.kind for role in person.roles.all()] == ["moderator"]
    assert not person.has_usable_password()


@pytest.mark.parametrize("both", [True, False])
def test_a_role_needs_a_person_or_an_address_and_not_both(both, organiser, edition):
    person = make_admission(edition).person
    given = {"person": person.pk, "address": "neu@stadt-musterhausen.example"} if both else {}

    response = organiser.post(
        reverse("admin:congress_role_add"), role_form(edition=edition.pk, **given)
    )

    assert list(errors(response)) == ["address" if both else "person"]
    assert not Role.objects.filter(kind="moderator").exists()
    assert not User.objects.filter(email="neu@stadt-musterhausen.example").exists()


def test_a_role_is_not_handed_to_somebody_else(organiser, edition):
    role, somebody = make_role("moderator", edition), make_admission(edition).person
    before = role.person

    organiser.post(
        reverse("admin:congress_role_change", args=[role.pk]),
        role_form(person=somebody.pk, edition=edition.pk, kind="director"),
    )

    role.refresh_from_db()
    assert (role.kind, role.person) == ("director", before)


def test_ending_a_role_is_written_down(organiser, edition):
    role = make_role("moderator", edition)

    organiser.post(reverse("admin:congress_role_delete", args=[role.pk]), {"post": "yes"})

    assert not Role.objects.filter(pk=role.pk).exists()
    assert JournalEntry.objects.get(verb="role.ended").person == role.person


# --- People --------------------------------------------------------------------------------------------


PERSON = {
    "title": "",
    "first_name": "Neu",
    "last_name": "Name",
    "body": "",
    "language": "de",
    "contact_email": "",
    "is_active": "on",
}


def change_person(browser, person, **fields):
    inlines = {
        f"{prefix}-{part}": "0"
        for prefix in ("roles", "admissions")
        for part in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    return browser.post(
        reverse("admin:congress_user_change", args=[person.pk]), PERSON | inlines | fields
    )


def test_an_organiser_corrects_the_name_of_a_person_of_the_edition(organiser, edition):
    person = make_admission(edition).person

    change_person(organiser, person)

    person.refresh_from_db()
    assert person.display_name == "Neu Name"


@pytest.mark.parametrize("tie", ["other edition", "all editions", "operator"])
def test_a_person_with_rights_beyond_is_only_looked_at(tie, organiser, edition, other):
    person = make_admission(edition).person
    if tie == "other edition":
        make_role("organiser", other, person=person)
    elif tie == "all editions":
        make_role("organiser", None, person=person)
    else:
        User.objects.filter(pk=person.pk).update(is_superuser=True)

    response = change_person(organiser, person)

    assert response.status_code == 403
    person.refresh_from_db()
    assert person.first_name == "Kim"
    # What ties the person elsewhere is not shown either.
    page = organiser.get(reverse("admin:congress_user_change", args=[person.pk])).content.decode()
    assert other.title_de not in page


@pytest.mark.parametrize("who", ["organiser", "fitko"])
def test_nobody_makes_operators_or_changes_sign_in_addresses(who, organiser, fitko, edition):
    person = make_admission(edition).person
    before = person.email

    change_person(
        organiser if who == "organiser" else fitko,
        person,
        is_superuser="on",
        email="boese@evil.example",
    )

    person.refresh_from_db()
    assert (person.first_name, person.is_superuser, person.email) == ("Neu", False, before)


def test_switching_a_person_off_ends_the_sessions(organiser, edition, client_factory):
    person = make_admission(edition).person
    browser = client_factory()
    browser.force_login(person)

    change_person(organiser, person, is_active="")

    assert not person.sessions.exists()
    assert JournalEntry.objects.filter(verb="person.disabled", person=person).exists()


# --- Decisions -------------------------------------------------------------------------------------------


def test_revoking_an_admission_asks_first(organiser, edition):
    admission = make_admission(edition)

    response = decide(organiser, admission, "revoke")

    assert response.templates[0].name == "admin/congress/decision.html"
    assert list(response.context["rows"]) == [admission]
    admission.refresh_from_db()
    assert admission.revoked_at is None


def test_revoking_an_admission_ends_it_with_its_links(organiser, edition):
    admission = make_admission(edition, kind="press", person=make_user(email=None))
    link, _token = make_link(admission)

    response = decide(organiser, admission, "revoke", confirmed="yes")

    admission.refresh_from_db()
    link.refresh_from_db()
    assert admission.revoked_at is not None
    assert link.revoked_at is not None
    assert JournalEntry.objects.get(verb="admission.revoked").actor == organiser.person
    assert len(said(response)) == 1


def test_a_renewed_link_is_shown_once_and_the_old_one_is_dead(organiser, edition, client_factory):
    link, token = make_link(make_admission(edition, kind="press", person=make_user(email=None)))

    response = decide(organiser, link, "renew")

    ((shown, address),) = response.context["links"]
    assert shown == link
    assert "no-store" in response["Cache-Control"]
    guest = client_factory()
    assert guest.get(address).status_code == 200
    assert guest.get(reverse("press_access_link", args=[token])).status_code == 404


def page_of(row):
    opts = row._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk])


def test_the_page_of_an_admission_has_the_decision_as_a_button(organiser, edition):
    admission = make_admission(edition)

    page = organiser.get(page_of(admission))

    assert [name for name, _label in page.context["decisions"]] == ["revoke"]
    assert 'name="action" value="revoke"' in page.content.decode()
    assert 'type="submit" name="_save"' not in page.content.decode()


def test_whoever_decides_on_the_page_of_a_row_is_asked_and_comes_back_to_it(organiser, edition):
    admission = make_admission(edition)

    asked = decide(organiser, admission, "revoke", from_page="yes")
    assert f'href="{page_of(admission)}"' in asked.content.decode()
    assert 'name="from_page"' in asked.content.decode()
    done = decide(organiser, admission, "revoke", from_page="yes", confirmed="yes")

    admission.refresh_from_db()
    assert admission.revoked_at is not None
    assert done.redirect_chain == [(page_of(admission), 302)]
    assert done.context["decisions"] == []


def test_a_link_that_has_ended_has_no_buttons(organiser, edition):
    link, _token = make_link(make_admission(edition, kind="press", person=make_user(email=None)))

    before = organiser.get(page_of(link)).context["decisions"]
    decide(organiser, link, "revoke", confirmed="yes")
    after = organiser.get(page_of(link)).context["decisions"]

    assert ([name for name, _label in before], after) == (["revoke", "renew"], [])


@pytest.mark.parametrize("kind", ["press_officer", "observer"])
def test_who_may_not_decide_is_not_offered_it(kind, edition, client):
    client.force_login(make_role(kind, edition).person)
    admission = make_admission(edition)

    response = client.post(
        reverse("admin:congress_admission_changelist"),
        {"action": "revoke", ACTION_CHECKBOX_NAME: [admission.pk], "confirmed": "yes"},
    )

    assert response.status_code == 403
    admission.refresh_from_db()
    assert admission.revoked_at is None


def test_the_journal_is_read_only(fitko, edition):
    link, _token = make_link(make_admission(edition))
    entry = JournalEntry.objects.filter(verb="link.created").get()

    assert fitko.get(reverse("admin:congress_journalentry_add")).status_code == 403
    for page in ("change", "delete"):
        answer = fitko.post(
            reverse(f"admin:congress_journalentry_{page}", args=[entry.pk]),
            {"post": "yes", "verb": "x"},
        )
        assert answer.status_code == 403
    entry.refresh_from_db()
    assert (entry.verb, entry.target) == ("link.created", f"congress.accesslink:{link.pk}")


# --- What the address may ask for ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "lookup"),
    [
        ("user", {"password__startswith": "argon2"}),
        ("user", {"is_superuser__exact": "1"}),
        ("accesslink", {"token_hash__gt": "a"}),
        ("admission", {"person__email__startswith": "a"}),
        ("admission", {"edition__help_email__startswith": "a"}),
        ("stage", {"edition__links__person__last_name__startswith": "B"}),
    ],
)
def test_columns_that_are_not_shown_cannot_be_guessed_letter_by_letter(page, lookup, organiser):
    response = organiser.get(reverse(f"admin:congress_{page}_changelist"), lookup)

    # DisallowedModelAdminLookup: Django's 400.
    assert response.status_code == 400


def test_no_redirect_to_any_object_by_its_number(organiser):
    assert organiser.get(f"{reverse('admin:index')}r/1/1/").status_code == 404


# --- The site -------------------------------------------------------------------------------------------------


def test_the_first_page_begins_with_what_waits(organiser, edition, monkeypatch):
    waiting = panels.Registry()
    waiting.register(
        panels.WaitingItem("Anträge prüfen", lambda e, user: 3, lambda e: "/ziel/", ("organiser",))
    )
    waiting.register(
        panels.WaitingItem("Presse", lambda e, user: 9, lambda e: "/presse/", ("press_officer",))
    )
    monkeypatch.setattr(panels, "waiting", waiting)

    response = organiser.get(reverse("admin:index"))

    ((shown, items),) = [
        (group["edition"], group["items"]) for group in response.context["waiting"]
    ]
    assert shown == edition
    assert [(item.label, item.count, item.url) for item in items] == [
        ("Anträge prüfen", 3, "/ziel/")
    ]
    page = response.content.decode()
    assert page.index("Anträge prüfen") < page.index(str(Edition._meta.verbose_name_plural))


def test_only_classes_that_start_from_editions_are_let_in():
    site = StaffSite(name="tried")

    with pytest.raises(ImproperlyConfigured):
        site.register(Stage, admin.ModelAdmin)
    assert not site.is_registered(Stage)


def test_nothing_of_a_library_is_registered():
    assert {model._meta.app_label for model in admin.site._registry} <= {
        "congress",
        "registration",
        "programme",
        "polls",
        "press",
    }


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
def test_the_form_for_a_new_row_opens(model, client, rf):
    """A field that chooses among rows of a model without such a class would fail here."""
    request = rf.get("/")
    request.user = make_user(is_superuser=True)
    client.force_login(request.user)
    entry = admin.site._registry[model]

    response = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add"))

    assert response.status_code == (200 if entry.has_add_permission(request) else 403)


@pytest.mark.parametrize("value", ["x", "9" * 30, "%00", "1"])
def test_an_address_that_proposes_nonsense_opens_an_empty_form(client, value):
    client.force_login(make_role(Role.Kind.ORGANISER).person)

    response = client.get(f"/admin/congress/role/add/?edition={value}&stage={value}&nonsense=1")

    assert response.status_code in {200, 400}
