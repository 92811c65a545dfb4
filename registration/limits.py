"""A fuse for what comes from one address. Mailboxes have limits of their own, in the database."""

import hashlib
import logging

from django.core.cache import cache
from django.http import HttpRequest

from congress.limits import WINDOW_SECONDS, counted, network_of

logger = logging.getLogger(__name__)

# State networks leave through few addresses: 20 times the 2,000 honest ones before nine o'clock.
MOST_IN_A_WINDOW = 40_000


def fuse_holds(request: HttpRequest) -> bool:
    """Whether this address may go on. Where Redis is down it holds: the mailboxes' limits do not need Redis."""
    key = f"registration-fuse:{network_of(request)}"
    return counted(key, seconds=WINDOW_SECONDS) <= MOST_IN_A_WINDOW


# Whoever types a whole address letter by letter, slowly, asks twenty times.
LOOK_UPS_IN_A_MINUTE = 60


def may_look_up(request: HttpRequest) -> bool:
    """Whether this browser may ask once more what an address means. Where Redis is down it may."""
    browser = request.session.session_key or request.META.get("CSRF_COOKIE", "")
    browser = browser or network_of(request)
    key = f"registration-look-ups:{hashlib.sha256(browser.encode()).hexdigest()}"
    return counted(key, seconds=60) <= LOOK_UPS_IN_A_MINUTE


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


def _wrong_codes(request: HttpRequest) -> str:
    return f"telephone-codes:{network_of(request)}"
