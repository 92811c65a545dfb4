"""From the badge to the vote on one's own phone: two taps, nothing typed, also where several stages are on."""

import pytest

from tests.e2e.looking import look_at
from tests.e2e.test_check_in import edition as edition  # the demonstration's
from tests.e2e.test_check_in import print_badge
from tests.e2e.test_every_page import demo_person
from tests.e2e.test_registration_journey import open_a_poll

PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}


@pytest.mark.slow
@pytest.mark.own_site(workers=1)
@pytest.mark.parametrize("javascript", [True, False], ids=["with-javascript", "without-javascript"])
def test_two_taps_lead_from_the_badge_to_the_vote(own_site, browse, axe, edition, javascript):
    from polls.models import Participation, Poll

    admission, code = print_badge(edition, "clerk")
    open_a_poll(browse(own_site, person=demo_person("moderator")))
    phone = browse(own_site, javascript=javascript, **PHONE)
    phone.goto("/zugang/" + code.rstrip("/").rsplit("/", 1)[1] + "/")
    phone.get_by_text("An welcher Bühne sind Sie?").wait_for()
    if javascript:
        look_at(phone, axe, "badge-stages")

    phone.get_by_role("button", name="Plenum").tap()
    answer = phone.get_by_role("button", name="Zu Hause")
    answer.wait_for()
    if javascript:
        look_at(phone, axe, "hall")
    answer.tap()

    phone.locator(".fk-poll__thanks").wait_for()
    poll = Poll.objects.get(text="Wo arbeiten Sie heute?")
    assert list(Participation.objects.filter(poll=poll).values_list("person_id", flat=True)) == [
        admission.person_id
    ]
