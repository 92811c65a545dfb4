"""Every admin class as organiser of another edition: nothing is found, chosen or changed, with something there."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import models
from django.test import Client
from django.urls import reverse

from congress import journal
from congress.admin.scope import EditionScopedAdmin, Scoped, SharedAdmin
from congress.models import Edition, Role, User
from congress.permissions import allows
from tests.admin_rows import MARK, ROWS, SHARED
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

ADMINS = {model: entry for model, entry in admin.site._registry.items() if model not in SHARED}
NAMES = [model._meta.label for model in ADMINS]


@pytest.fixture
def foreign_edition() -> Edition:
    return make_edition(at=NOW, title_de=f"Kongress {MARK}")


@pytest.fixture
def own_edition() -> Edition:
    return make_edition(at=NOW, title_de="Eigener Kongress")


@pytest.fixture
def organiser(own_edition: Edition, client: Client) -> Client:
    client.force_login(make_role("organiser", own_edition).person)
    return client


@pytest.fixture
def fitko(client_factory: Callable[[], Client]) -> Client:
    browser = client_factory()
    browser.force_login(make_role("organiser").person)
    return browser


def address(model: type[models.Model], page: str, *arguments: Any, **query: str) -> str:
    opts = model._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{page}", args=arguments, query=query)


def text(response: Any) -> str:
    return response.content.decode()


def fingerprint(row: models.Model) -> list[Any]:
    found = type(row)._base_manager.filter(pk=row.pk).values_list()
    return [tuple(bytes(v) if isinstance(v, memoryview) else v for v in line) for line in found]


def decisions(model: type[models.Model]) -> list[str]:
    actions = admin.site._registry[model].actions or ()
    return [entry if isinstance(entry, str) else entry.__name__ for entry in actions]


def in_list(browser: Client, row: models.Model, **query: str) -> bool:
    """Whether the row stands in the list; every address of a row ends with its number."""
    response = browser.get(address(type(row), "changelist", **query))
    assert response.status_code == 200, response.status_code
    return row in list(response.context["cl"].result_list)


def test_every_admin_class_has_a_row_to_look_for():
    assert {m._meta.label for m in admin.site._registry} == {
        m._meta.label for m in [*ROWS, *SHARED]
    }


def test_every_admin_class_starts_from_editions():
    assert [
        m._meta.label
        for m, entry in admin.site._registry.items()
        if not isinstance(entry, EditionScopedAdmin)
    ] == []
    assert {
        m for m, entry in admin.site._registry.items() if isinstance(entry, SharedAdmin)
    } == set(SHARED)


@pytest.mark.parametrize("model", ADMINS, ids=NAMES)
def test_fitko_finds_the_row(model, foreign_edition, fitko):
    row = ROWS[model](foreign_edition)

    assert in_list(fitko, row)
    assert fitko.get(address(model, "change", row.pk)).status_code == 200
    assert fitko.get(address(model, "history", row.pk)).status_code == 200


@pytest.mark.parametrize("model", ADMINS, ids=NAMES)
def test_the_list_is_without_it(model, foreign_edition, own_edition, organiser):
    row = ROWS[model](foreign_edition)

    response = organiser.get(address(model, "changelist"))

    assert response.status_code == 200
    assert row not in list(response.context["cl"].result_list)
    # Neither in cells, nor in filters with their choices, nor in the hierarchy of dates.
    assert MARK not in text(response)


@pytest.mark.parametrize("model", ADMINS, ids=NAMES)
def test_filters_count_and_offer_nothing_of_it(model, foreign_edition, own_edition, organiser):
    row = ROWS[model](foreign_edition)
    own = ROWS[model](own_edition)

    response = organiser.get(address(model, "changelist", _facets="True"))

    assert response.status_code == 200
    assert row not in list(response.context["cl"].result_list)
    for entry in response.context["cl"].filter_specs:
        values = [str(value) for value, *_ in getattr(entry, "lookup_choices", [])]
        if getattr(entry, "lookup_kwarg", "").startswith("edition__"):
            assert str(foreign_edition.pk) not in values
    assert own is not None


@pytest.mark.parametrize("model", ADMINS, ids=NAMES)
@pytest.mark.parametrize(
    "query", [{"q": MARK}, {"q": "zinnoberfisch"}, {"__exact": "own"}, {"__in": "own"}]
)
def test_search_and_numbers_in_the_address_find_nothing(model, query, foreign_edition, organiser):
    row = ROWS[model](foreign_edition)
    key = model._meta.pk.name
    given = {
        key + name if value == "own" else name: str(row.pk) if value == "own" else value
        for name, value in query.items()
    }

    assert not in_list(organiser, row, **given)


@pytest.mark.parametrize("model", ADMINS, ids=NAMES)
def test_filtering_by_the_foreign_edition_finds_nothing(model, foreign_edition, organiser):
    row = ROWS[model](foreign_edition)
    path = admin.site._registry[model].edition_path
    if path not in admin.site._registry[model].list_filter:
        pytest.skip("has no filter by edition")

    assert not in_list(organiser, row, **{f"{path}__id__exact": str(foreign_edition.pk)})


@pytest.mark.parametrize("model", ADMINS, ids=NAMES)
@pytest.mark.parametrize("page", ["change", "delete", "history"])
def test_no_page_of_the_row_opens(model, page, foreign_edition, organiser):
    row = ROWS[model](foreign_edition)
    before = fingerprint(row)

    for answer in (
        organiser.get(address(model, page, row.pk)),
        organiser.post(address(model, page, row.pk), {"post": "yes", "_save": "1"}),
    ):
        assert answer.status_code in {302, 403, 404}
        assert MARK not in text(answer)
        if answer.status_code == 302:
            assert answer["Location"] == reverse("admin:index")

    assert fingerprint(row) == before


@pytest.mark.parametrize("model", ADMINS, ids=NAMES)
def test_older_versions_do_not_open(model, foreign_edition, organiser):
    row = ROWS[model](foreign_edition)
    if not hasattr(model, "history"):
        pytest.skip("keeps no versions")
    version = row.history.first()
    before = fingerprint(row)
    page = reverse(
        f"admin:{model._meta.app_label}_{model._meta.model_name}_simple_history",
        args=[row.pk, version.history_id],
    )

    assert organiser.get(page).status_code == 404
    assert organiser.post(page, {"_save": "1"}).status_code == 404
    assert fingerprint(row) == before


@pytest.mark.parametrize("model", ADMINS, ids=NAMES)
def test_autocomplete_does_not_offer_it(model, foreign_edition, organiser):
    row = ROWS[model](foreign_edition)
    asked = 0
    for source, entry in admin.site._registry.items():
        for name in entry.autocomplete_fields:
            field = source._meta.get_field(name)
            if field.related_model is not model:
                continue
            asked += 1
            answer = organiser.get(
                reverse("admin:autocomplete"),
                {
                    "app_label": source._meta.app_label,
                    "model_name": source._meta.model_name,
                    "field_name": name,
                    "term": "",
                },
            )
            if answer.status_code != 403:
                offered = [entry["id"] for entry in json.loads(answer.content)["results"]]
                assert str(row.pk) not in offered
    if not asked:
        pytest.skip("is chosen nowhere")


@pytest.mark.parametrize("model", ADMINS, ids=NAMES)
def test_no_action_reaches_it_by_its_number(model, foreign_edition, own_edition, organiser):
    """With every action of the class, those included that the organiser's own list does not offer."""
    row = ROWS[model](foreign_edition)
    own = ROWS[model](own_edition)
    before = fingerprint(row)
    names = ["delete_selected", *decisions(model)]

    for name in names:
        for confirmation in ({}, {"confirmed": "yes"}, {"post": "yes"}):
            answer = organiser.post(
                address(model, "changelist"),
                {"action": name, ACTION_CHECKBOX_NAME: [row.pk], **confirmation},
            )
            assert address(model, "change", row.pk) not in text(answer)
            assert fingerprint(row) == before
            # Not by „select all“ either.
            organiser.post(
                address(model, "changelist"),
                {
                    "action": name,
                    ACTION_CHECKBOX_NAME: [own.pk],
                    "select_across": "1",
                    **confirmation,
                },
            )
            assert fingerprint(row) == before


@pytest.mark.parametrize("model", ADMINS, ids=NAMES)
def test_no_form_offers_rows_of_another_edition(model, foreign_edition, own_edition, organiser, rf):
    """What a form accepts is what it offers: raw POSTs are held against the same rows."""
    for make in ROWS.values():
        make(foreign_edition)
    request = rf.get("/")
    request.user = User.objects.get(roles__edition=own_edition, roles__kind="organiser")
    entry = admin.site._registry[model]

    for kind in [entry, *[inline(model, admin.site) for inline in entry.inlines]]:
        for field in kind.model._meta.get_fields():
            if not isinstance(field, (models.ForeignKey, models.ManyToManyField)):
                continue
            target = admin.site._registry.get(field.related_model)
            if not isinstance(target, Scoped) or isinstance(target, SharedAdmin):
                continue
            rows = kind.get_field_queryset(None, field, request)
            foreign = [r for r in rows if _edition_of(target, r) == foreign_edition.pk]
            assert foreign == [], f"{kind}.{field.name}"


def _edition_of(target: Scoped, row: Any) -> int | None:
    if isinstance(row, User):
        return row.admissions.values_list("edition", flat=True).first()
    return target.edition_of(row)


@pytest.mark.parametrize(
    "kind",
    sorted(set(Role.Kind.values) - {"organiser"}),
)
def test_a_role_here_lends_no_power_to_a_role_there(kind, client):
    """Organiser of B and something less in A: in A only what that role carries."""
    edition, other = make_edition(at=NOW), make_edition(at=NOW)
    person = make_role("organiser", other).person
    make_role(kind, edition, person=person)
    client.force_login(person)

    for model, make in ROWS.items():
        label, name = model._meta.app_label, model._meta.model_name
        if any(allows(kind, f"{label}.{act}_{name}") for act in ("change", "delete", "revoke")):
            continue  # that is what the role is for
        row = make(edition)
        before = fingerprint(row)
        for page in ("change", "delete"):
            client.post(
                address(model, page, row.pk), {"post": "yes", "_save": "1", "name_de": "Neu"}
            )
        client.post(
            address(model, "changelist"),
            {"action": "delete_selected", ACTION_CHECKBOX_NAME: [row.pk], "post": "yes"},
        )
        for name in decisions(model):
            client.post(
                address(model, "changelist"),
                {"action": name, ACTION_CHECKBOX_NAME: [row.pk], "confirmed": "yes"},
            )
        assert fingerprint(row) == before, model


@pytest.mark.parametrize("model", ADMINS, ids=NAMES)
def test_lists_take_the_same_queries_for_one_row_and_for_three(
    model, own_edition, organiser, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    ROWS[model](own_edition)
    organiser.get(address(model, "changelist"))  # fills caches of content types and the like
    with CaptureQueriesContext(connection) as few:
        organiser.get(address(model, "changelist"))
    for _ in range(3):
        make_admission(own_edition, person=make_user())
        make_stage(own_edition)
        make_role("observer", own_edition)
        journal.note("x", edition=own_edition, now=NOW, by=make_user(), about=make_user())
        make_link(make_admission(own_edition))
    with CaptureQueriesContext(connection) as many:
        organiser.get(address(model, "changelist"))

    assert len(many) == len(few)
