"""How tests in the browser look at a page: on a telephone, a tablet and a desk."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

SHOTS = os.environ.get("SHOTS")  # a directory: keeps a picture of every page looked at
WIDTHS = (320, 768, 1280)


def settle(page: Any) -> None:
    """The page asked for is there: right after a click, there may be an empty document for a moment."""
    page.wait_for_load_state()
    page.locator("h1").first.wait_for()


def look_at(page: Any, axe: Callable[..., None], name: str) -> None:
    """Accessible, and inside the screen at every width."""
    settle(page)
    before = page.viewport_size
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        too_wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert too_wide <= 0, f"{name} is {too_wide} px too wide at {width}"
        take_picture(page, f"{name}-{width}")
    axe(page)
    page.set_viewport_size(before)


def take_picture(page: Any, name: str) -> None:
    """Keeps a picture where somebody wants them."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)
