"""Every page a person can reach by links: accessible, inside the screen, clean, in their language.

The list is not written down: each person walks from the home page, and looks at a page of every kind
(name of the address) that they meet. A new page is looked at as soon as something leads to it.
"""

from collections import deque
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve

from congress.demo.people import DEMO_PEOPLE

# Leads out of the site, is a file, or signs out.
NOT_PAGES = ("/static/", "/media/", "/konto/logout", "/en/konto/logout", "/admin/jsi18n")
FILES = (".ics", ".json", ".xml", ".pdf", ".csv", ".xlsx", ".txt", ".zip")
PAGES_OF_A_KIND = 1
MOST_PAGES = 45

STARTS = {
    "nobody": ["/2021/", "/en/2021/", "/demo/", "/impressum/", "/konto/login/", "/2021/nicht-da/"],
    "clerk": ["/2021/", "/en/2021/live/"],
    "journalist": ["/2021/"],
    "moderator": ["/2021/", "/2021/moderation/plenum/"],
    "organiser": ["/2021/", "/2021/orga/", "/admin/"],
    "press-officer": ["/2021/orga/"],
    "observer": ["/2021/orga/"],
}
LOOKS = (
    {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"},
)


def kind_of(path: str) -> str | None:
    """The name of the address in a language; None for what is no page of ours."""
    if path.startswith(NOT_PAGES) or path.endswith(FILES):
        return None
    try:
        match = resolve(path)
    except Resolver404:
        return path
    language = "en:" if path.startswith("/en/") else "de:"
    return language + (match.view_name or match.route)


@pytest.mark.slow
@pytest.mark.parametrize("look", LOOKS, ids=["wide-light", "narrow-dark"])
@pytest.mark.parametrize("who", STARTS)
def test_every_page_is_accessible_and_fits(site, browse, axe, who, look):
    person = demo_person(who)
    page = browse(site, person=person, expect=[r"status of 40[34]"], **look)
    waiting = deque(STARTS[who])
    seen: dict[str, int] = {}
    looked_at = 0
    while waiting and looked_at < MOST_PAGES:
        path = waiting.popleft()
        kind = kind_of(path)
        if kind is None or seen.get(kind, 0) >= PAGES_OF_A_KIND:
            continue
        seen[kind] = seen.get(kind, 0) + 1
        response = page.goto(path)
        if "text/html" not in response.headers.get("content-type", ""):
            continue
        looked_at += 1
        assert response.status < 500, path
        language = "en" if path.startswith("/en/") else "de"
        assert page.locator("html").get_attribute("lang").startswith(language), path
        assert page.title().strip(), path
        too_wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        # The administration's tables scroll; they are made for a desk.
        assert too_wide <= 0 or path.startswith("/admin/"), f"{path} is {too_wide} px too wide"
        axe(page)
        waiting.extend(links_of(page, site.address))

    assert looked_at >= len(STARTS[who])


def links_of(page, address):
    found = page.evaluate("Array.from(document.querySelectorAll('a[href]'), link => link.href)")
    return [
        urlsplit(link).path
        for link in found
        if f"{urlsplit(link).scheme}://{urlsplit(link).netloc}" == address
    ]


def demo_person(key):
    if key == "nobody":
        return None
    from congress.demo.seed import demo_user

    return demo_user(next(person for person in DEMO_PEOPLE if person.key == key))
