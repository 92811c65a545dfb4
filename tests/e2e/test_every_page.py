"""Every page a person can reach by links: accessible, inside the screen, clean, in their language.

The list is not written down: each person walks from the home page, and looks at a page of every kind
(name of the address) that they meet, on a desk in daylight and on a telephone in the dark. A new page is
looked at as soon as something leads to it. What is made of the same parts as a page of its kind that was
already looked at is not examined again: most pages are the same for a clerk and a journalist.
"""

from collections import deque
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve
from django.utils import translation

from congress.demo.people import DEMO_PEOPLE

# Leads out of the site, is a file, or signs out.
NOT_PAGES = ("/static/", "/media/", "/konto/logout", "/en/konto/logout", "/admin/jsi18n")
FILES = (".ics", ".json", ".xml", ".pdf", ".csv", ".xlsx", ".txt", ".zip", ".jpg", ".png")
# The administration's pages come from one set of templates; tests/congress/test_admin_walk.py opens them all.
MOST_OF_THE_ADMINISTRATION = 15

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
    ({"width": 1280, "height": 900}, "light"),
    ({"width": 320, "height": 640}, "dark"),
)
# What a page is made of: its elements with their classes and roles, each once.
PARTS = """Array.from(new Set(Array.from(document.querySelectorAll('*'),
    part => [part.localName, part.getAttribute('class'), part.getAttribute('role'),
             part.getAttribute('type')].join(' ')))).sort().join('\\n')"""
examined: set[tuple[str, str]] = set()


def kind_of(path: str) -> str | None:
    """The name of the address in a language; None for what is no page of ours."""
    if path.startswith(NOT_PAGES) or path.endswith(FILES):
        return None
    language = language_of(path)
    try:
        with translation.override(language):
            match = resolve(path)
    except Resolver404:
        return path
    return f"{language}:{match.view_name or match.route}"


def language_of(path: str) -> str:
    return "en" if path.startswith("/en/") else "de"


@pytest.mark.slow
@pytest.mark.timeout(600)  # a walk of a hundred pages, on two cores that others may use
@pytest.mark.parametrize("who", STARTS)
def test_every_page_is_accessible_and_fits(site, browse, axe, who):
    page = browse(site, person=demo_person(who), expect=[r"status of 40[34]"])
    waiting = deque(STARTS[who])
    seen: set[str] = set()
    administration = 0
    while waiting:
        path = waiting.popleft()
        kind = kind_of(path)
        if kind is None or kind in seen:
            continue
        if path.startswith("/admin/"):
            administration += 1
            if administration > MOST_OF_THE_ADMINISTRATION:
                continue
        seen.add(kind)
        response = page.goto(path)
        if "text/html" not in response.headers.get("content-type", ""):
            continue
        assert response.status < 500, path
        assert page.locator("html").get_attribute("lang").startswith(language_of(path)), path
        assert page.title().strip(), path
        parts = (kind, page.evaluate(PARTS))
        if parts not in examined:
            examine(page, axe, path)
            examined.add(parts)
        waiting.extend(links_of(page, site.address))

    assert len(seen) >= len({kind_of(path) for path in STARTS[who]})


def examine(page, axe, path):
    for size, scheme in LOOKS:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate("Promise.all(document.getAnimations().map(change => change.finished))")
        too_wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        # The administration's tables scroll; they are made for a desk.
        assert too_wide <= 0 or path.startswith("/admin/"), f"{path} is {too_wide} px too wide"
        axe(page)


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
