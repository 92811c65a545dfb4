"""The site as such: pages are clean and accessible, and a killed process costs nobody the site."""

import os
import signal

import pytest

from congress.local.processes import wait_until


def test_the_home_page_is_clean_and_accessible(page, axe):
    page.goto("/")

    assert page.locator("html").get_attribute("lang") == "de"
    axe(page)


def test_a_site_of_ones_own_starts_from_the_seeded_database(own_site, browse):
    from congress.models import Edition

    Edition.objects.update(motto_de="Nur hier")

    page = browse(own_site)
    page.goto("/2021/")

    assert "Nur hier" in page.content()


@pytest.mark.slow
def test_a_killed_web_process_comes_back(own_site, browse):
    page = browse(own_site)
    before = own_site.worker_ids()

    os.kill(before[0], signal.SIGKILL)

    assert page.goto("/").status == 200
    assert wait_until(lambda: len(set(own_site.worker_ids()) - {before[0]}) == 2, seconds=5)
