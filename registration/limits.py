"""A fuse for what comes from one address. Mailboxes have limits of their own, in the database."""

import ipaddress
import logging

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 600
# State networks leave through few addresses: 20 times the 2,000 honest ones before nine o'clock.
MOST_IN_A_WINDOW = 40_000


def fuse_holds(request: HttpRequest) -> bool:
    """Whether this address may go on. Where Redis is down it holds: the mailboxes' limits do not need Redis."""
    key = f"registration-fuse:{_prefix(get_adapter().get_client_ip(request))}"
    try:
        cache.add(key, 0, WINDOW_SECONDS)
        return int(cache.incr(key)) <= MOST_IN_A_WINDOW
    except ValueError:  # the window ended between the two
        return True
    except Exception:  # noqa: BLE001  # whatever the cache raises
        logger.warning("The fuse for registrations cannot be counted.")
        return True


def _prefix(address: str) -> str:
    """IPv6: the network of a household or office, not the single device."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "?"
    return str(ipaddress.ip_network(f"{parsed}/{64 if parsed.version == 6 else 32}", strict=False))
