"""A fuse for what comes from one address. Mailboxes have limits of their own, in the database."""

import hashlib
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
    return _counted(key, seconds=WINDOW_SECONDS) <= MOST_IN_A_WINDOW


# Whoever types a whole address letter by letter, slowly, asks twenty times.
LOOK_UPS_IN_A_MINUTE = 60


def may_look_up(request: HttpRequest) -> bool:
    """Whether this browser may ask once more what an address means. Where Redis is down it may."""
    browser = request.session.session_key or request.META.get("CSRF_COOKIE", "")
    browser = browser or _prefix(get_adapter().get_client_ip(request))
    key = f"registration-look-ups:{hashlib.sha256(browser.encode()).hexdigest()}"
    return _counted(key, seconds=60) <= LOOK_UPS_IN_A_MINUTE


# Of codes read out on the telephone hardly one is typed wrong twice; a whole hall may sit behind one address.
MOST_WRONG_CODES = 300


def may_try_codes(request: HttpRequest) -> bool:
    """Whether this address has typed fewer wrong codes than a guesser would. Each caller's code has its own limit."""
    try:
        return int(cache.get(_wrong_codes(request), 0)) < MOST_WRONG_CODES
    except Exception:  # noqa: BLE001  # whatever the cache raises
        logger.warning("Wrong codes by telephone cannot be counted.")
        return True


def wrong_code(request: HttpRequest) -> None:
    key = _wrong_codes(request)
    try:
        cache.add(key, 0, WINDOW_SECONDS)
        cache.incr(key)
    except Exception:  # noqa: BLE001  # whatever the cache raises
        logger.warning("Wrong codes by telephone cannot be counted.")


def _counted(key: str, *, seconds: int) -> int:
    """This time included, how often within so many seconds; 0 where it cannot be counted."""
    try:
        cache.add(key, 0, seconds)
        return int(cache.incr(key))
    except ValueError:  # the window ended between the two
        return 0
    except Exception:  # noqa: BLE001  # whatever the cache raises
        logger.warning("What comes from one browser or address cannot be counted.")
        return 0


def _wrong_codes(request: HttpRequest) -> str:
    return f"telephone-codes:{_prefix(get_adapter().get_client_ip(request))}"


def _prefix(address: str) -> str:
    """IPv6: the network of a household or office, not the single device."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "?"
    return str(ipaddress.ip_network(f"{parsed}/{64 if parsed.version == 6 else 32}", strict=False))
