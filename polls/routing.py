"""Sockets of the live part."""

from channels.routing import URLRouter
from django.urls import re_path

from congress.live.origins import OurOriginsOnly
from congress.live.sockets import Nowhere
from polls.consumers import StageSocket

sockets = OurOriginsOnly(
    URLRouter(
        [
            # The edition's slug as in congress.urls.
            re_path(
                r"^ws/(?P<edition>\d{4}(?:-[a-z0-9-]{1,34})?)/live/(?P<stage>[-a-zA-Z0-9_]{1,40})/$",
                StageSocket.as_asgi(),
            ),
            re_path(r"", Nowhere.as_asgi()),
        ]
    )
)
