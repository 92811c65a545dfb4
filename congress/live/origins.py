"""Which pages may open sockets: those of our own addresses, compared in full (scheme, host, port)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

Scope = dict[str, Any]


class OurOriginsOnly:
    """Refuses a foreign or missing Origin with HTTP 403, before anything else is looked at.

    The demonstration and the tests accept the host they are called by, as their pages do; nothing else does.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if is_ours(scope):
            await self.application(scope, receive, send)
        else:
            await receive()  # websocket.connect
            await send({"type": "websocket.close"})  # before accept: HTTP 403


def is_ours(scope: Scope) -> bool:
    origins = header(scope, b"origin")
    if len(origins) != 1:
        return False
    origin = _canonical(origins[0])
    if origin is None:
        return False
    allowed = {_canonical(url) for url in settings.SITE_URLS}
    if settings.DEMO or settings.TESTING:
        scheme = "https" if scope.get("scheme") == "wss" else "http"
        allowed |= {_canonical(f"{scheme}://{host}") for host in header(scope, b"host")}
    return origin in allowed


def header(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope.get("headers", ()) if key == name]


def _canonical(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    if parts.path or parts.query or parts.fragment or parts.username is not None:
        return None
    return parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80)
