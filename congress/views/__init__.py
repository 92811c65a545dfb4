"""Doors of the congress itself: public pages, personal links, operations, errors."""

from congress.views.accounts import awake, confirm_login_code
from congress.views.errors import (
    bad_request,
    csrf_failure,
    forbidden,
    gone,
    not_found,
    server_error,
)
from congress.views.links import access_link
from congress.views.operations import health, ready, robots, security_txt
from congress.views.orga import orga, texts
from congress.views.outbox import outbox, outbox_letter
from congress.views.site import help_page, home, page, start

__all__ = [
    "access_link",
    "awake",
    "bad_request",
    "confirm_login_code",
    "csrf_failure",
    "forbidden",
    "gone",
    "health",
    "help_page",
    "home",
    "not_found",
    "orga",
    "outbox",
    "outbox_letter",
    "page",
    "ready",
    "robots",
    "security_txt",
    "server_error",
    "start",
    "texts",
]
