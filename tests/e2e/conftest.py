"""Browser tests: a real site, a real chromium, and a watch on what no page may do.

`page`       a page on the shared site (for looking: what one test changes, the next one finds)
`site`       the shared site itself
`own_site`   a site of the test's own, freshly seeded; for tests that change things or kill processes
             (`@pytest.mark.own_site(workers=1, celery=True)`)
`browse`     more pages: `browse(own_site, javascript=False, viewport={"width": 320, "height": 640})`
`axe`        `axe(page)` fails on accessibility errors

Every page fails its test on a violated Content Security Policy, a console error, an uncaught exception
or a request to another host. What is expected is named: `browse(expect=[r"status of 404"])`.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from tests.e2e import site as running

# Playwright's API keeps an event loop open in this thread; the ORM is used beside it, never in it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# The one without windows draws the same pages with two thirds of the work.
CHROMIUM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser"))),
    None,
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
AXE = Path(__file__).parent.parent / "vendor" / "axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
numbers = count(1)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if CHROMIUM is None and "chromium" in item.fixturenames:  # type: ignore[attr-defined]
        pytest.skip("no chromium here; Debian and Ubuntu: sudo apt install chromium-headless-shell")


@pytest.fixture(scope="session")
def directory(django_db_blocker: Any) -> Iterator[Path]:
    """Logs and mails of all sites, and the database they are copied from."""
    place = Path(settings.LOCAL_DIR) / "e2e"
    place.mkdir()
    running.make_template(place / "prepare.log")
    yield place
    running.maintain("DROP DATABASE IF EXISTS {} WITH (FORCE)", running.TEMPLATE)


@pytest.fixture(scope="session")
def shared_site(directory: Path) -> Iterator[running.Site]:
    site = running.Site("shared", directory, celery=True)
    try:
        site.start()
        yield site
    finally:
        site.stop()


@contextmanager
def started(site: running.Site, django_db_blocker: Any) -> Iterator[None]:
    """The site runs, and the ORM looks into its database."""
    try:
        with django_db_blocker.unblock():
            site.start()
            with site.looked_into():
                yield
    finally:
        site.stop()


@pytest.fixture
def site(shared_site: running.Site, django_db_blocker: Any) -> Iterator[running.Site]:
    with django_db_blocker.unblock(), shared_site.looked_into():
        yield shared_site


@pytest.fixture
def own_site(
    request: pytest.FixtureRequest, directory: Path, django_db_blocker: Any
) -> Iterator[running.Site]:
    marker = request.node.get_closest_marker("own_site")
    site = running.Site(f"own{next(numbers)}", directory, **(marker.kwargs if marker else {}))
    with started(site, django_db_blocker):
        yield site


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def browse(chromium: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """`browse(site, person=None, javascript=True, expect=(), **context)` opens a page in a context of its own."""
    contexts = []
    problems: list[str] = []

    def open_page(
        site: running.Site,
        *,
        person: Any = None,
        javascript: bool = True,
        expect: list[str] | tuple[str, ...] = (),
        **context: Any,
    ) -> Any:
        options = {"locale": "de-DE", "timezone_id": "Europe/Berlin", "base_url": site.address}
        opened = chromium.new_context(**(options | {"java_script_enabled": javascript} | context))
        contexts.append(opened)
        opened.set_default_timeout(10_000)
        if person is not None:
            site.sign_in(opened, person)
        page = opened.new_page()
        watch(page, site.address, problems, expect)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


def watch(
    page: Any, address: str, problems: list[str], expect: list[str] | tuple[str, ...]
) -> None:
    def note(problem: str) -> None:
        if not any(re.search(pattern, problem) for pattern in expect):
            problems.append(f"{page.url}: {problem}")

    def request_made(request: Any) -> None:
        parts = urlsplit(request.url)
        if (
            parts.scheme not in {"data", "blob", "about"}
            and parts.netloc != urlsplit(address).netloc
        ):
            note(f"request to another host: {request.url}")

    page.on("console", lambda message: message.type == "error" and note(f"console: {message.text}"))
    page.on("pageerror", lambda error: note(f"exception: {error}"))
    page.on("request", request_made)
    page.on("websocket", request_made_by_socket(address, note))


def request_made_by_socket(address: str, note: Callable[[str], None]) -> Callable[[Any], None]:
    def opened(socket: Any) -> None:
        if urlsplit(socket.url).netloc != urlsplit(address).netloc:
            note(f"socket to another host: {socket.url}")

    return opened


@pytest.fixture
def page(site: running.Site, browse: Callable[..., Any]) -> Any:
    return browse(site)


@pytest.fixture(scope="session")
def axe() -> Callable[..., None]:
    """`axe(page)`: no errors by WCAG 2.2 A and AA or best practice. `axe(page, "#part")` looks at a part."""
    source = AXE.read_text(encoding="utf-8")
    # Without `preload`, which writes style sheets into the page: the administration's name others by @import.

    def check(page: Any, part: str | None = None) -> None:
        if page.evaluate("typeof axe") == "undefined":
            page.evaluate(source)
        found = page.evaluate(
            "([part, tags]) => axe.run(part || document,"
            " {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations'], preload: false})",
            [part, AXE_TAGS],
        )
        errors = [
            f"{rule['id']}: {rule['help']}\n    "
            + "\n    ".join(
                node["html"][:200] + " – " + node["failureSummary"] for node in rule["nodes"][:3]
            )
            for rule in found["violations"]
        ]
        assert not errors, f"{page.url}\n" + "\n".join(errors)

    return check
