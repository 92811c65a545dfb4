"""Sockets of the live part."""

from typing import Any

from channels.routing import URLRouter
from django.urls import re_path

from congress.live.origins import OurOriginsOnly
from congress.live.sockets import Nowhere
from polls.check_socket import CheckSocket
from polls.consumers import StageSocket
from polls.screen_sockets import ScreenSocket

# Django's types know paths to views only; Channels takes the same for sockets.
_stage: Any = StageSocket.as_asgi()
_screen: Any = ScreenSocket.as_asgi()
_check: Any = CheckSocket.as_asgi()
_nowhere: Any = Nowhere.as_asgi()
_routes: Any = [
    # The edition's slug as in congress.urls.
    re_path(
        r"^ws/(?P<edition>\d{4}(?:-[a-z0-9-]{1,34})?)/live/(?P<stage>[-a-zA-Z0-9_]{1,40})/$", _stage
    ),
    re_path(
        r"^ws/(?P<edition>\d{4}(?:-[a-z0-9-]{1,34})?)/anzeige/(?P<token>[0-9A-Za-z_]{1,80})/$",
        _screen,
    ),
    re_path(r"^ws/\d{4}(?:-[a-z0-9-]{1,34})?/technik-check/$", _check),
    re_path(r"", _nowhere),
]

sockets = OurOriginsOnly(URLRouter(_routes))
