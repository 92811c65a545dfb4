"""An open page learns that a poll is by name, for others only, or a second round."""

import pytest

from tests.e2e.test_every_page import demo_person


@pytest.mark.slow
@pytest.mark.own_site(workers=1)
def test_an_open_page_says_what_is_special_about_a_poll(own_site, browse, axe):
    from congress.models import Stage
    from polls import actions
    from polls.models import Poll, Vote

    stage = Stage.objects.select_related("edition").get(edition__slug="2021", slug="plenum")
    page = browse(own_site, person=demo_person("clerk"))
    page.goto("/2021/live/plenum/")
    page.locator("#live-status[data-state=live]").wait_for()
    now = stage.edition.now()
    first = Poll.objects.get(stage=stage, state=Poll.State.OPEN)
    actions.close_poll(poll=first, now=now)

    def ask(**fields):
        poll = actions.create_poll(stage=stage, answers=["Ja", "Nein"], now=now, **fields)
        actions.open_poll(poll=poll, now=now)
        return poll

    others = ask(text="Nur die Länder?", levels=["land"])
    page.locator("#live-poll", has_text="Diese Umfrage ist für: Länder.").wait_for()
    assert page.locator("[data-live=form]").count() == 0
    actions.close_poll(poll=others, now=now)

    named = ask(text="Wer macht mit?", secret=False)
    page.locator(".fk-named", has_text="mit Ihrem Namen gespeichert").wait_for()
    axe(page)
    page.get_by_label("Ja").check()
    page.get_by_role("button", name="Abstimmen").click()
    page.locator(".fk-poll__thanks").wait_for()
    assert Vote.objects.filter(poll=named).count() == 1
    actions.close_poll(poll=named, now=now)

    second = actions.next_round(poll=first, now=now)
    actions.open_poll(poll=second, now=now)
    page.get_by_label("Überall eingeführt").wait_for()
    assert "zuvor" not in page.locator("#live-poll").inner_text()
    people = stage.edition.admissions.filter(kind="attendee").values_list("person_id", flat=True)[
        :8
    ]
    choice = second.options.order_by("position").values_list("pk", flat=True)[0]
    actions.cast_votes([actions.Ballot(one, stage.pk, second.pk, (choice,)) for one in people])
    actions.close_poll(poll=second, now=now)
    page.locator("#live-poll", has_text="zuvor:").first.wait_for()
    axe(page)
