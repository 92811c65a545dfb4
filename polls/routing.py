"""Sockets of the live part."""

from channels.routing import URLRouter

sockets = URLRouter([])
