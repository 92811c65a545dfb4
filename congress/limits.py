"""How often something may come from one network or browser: counted in the cache, over all processes."""

import ipaddress
import logging

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 600


def counted(key: str, *, seconds: int = WINDOW_SECONDS) -> int:
    """This time included, how often within so many seconds; 0 where it cannot be counted."""
    try:
        cache.add(key, 0, seconds)
        return int(cache.incr(key))
    except ValueError:  # the window ended between the two
        return 0
    except Exception:  # noqa: BLE001  # whatever the cache raises
        logger.warning("What comes from one browser or address cannot be counted.")
        return 0


def network_of(request: HttpRequest) -> str:
    """Where a request comes from. IPv6: the network of a household or office, not the single device."""
    try:
        parsed = ipaddress.ip_address(get_adapter().get_client_ip(request))
    except ValueError:
        return "?"
    return str(ipaddress.ip_network(f"{parsed}/{64 if parsed.version == 6 else 32}", strict=False))


# What is asked for beside a link: the address it was sent to, or a code.
# Whoever mistypes an address looks at it before the fifth time. Ten networks at once are no person.
WRONG_ADDRESSES_FROM_A_NETWORK = 10
WRONG_ADDRESSES_OF_A_LINK = 100


def may_try_address(request: HttpRequest, link: int) -> bool:
    """Whether one more address may be tried for this link, which counts as a try.

    Ten tries in ten minutes from one network, so that a guesser elsewhere does not keep the owner out.
    """
    here = counted(_tries(request, link))
    of_the_link = counted(f"link-tries:{link}")
    return here <= WRONG_ADDRESSES_FROM_A_NETWORK and of_the_link <= WRONG_ADDRESSES_OF_A_LINK


def address_was_right(request: HttpRequest, link: int) -> None:
    """Only wrong ones are limited: a link may be used as often as its owner likes."""
    try:
        cache.delete_many([_tries(request, link), f"link-tries:{link}"])
    except Exception:  # noqa: BLE001  # whatever the cache raises
        logger.warning("What comes from one browser or address cannot be counted.")


def _tries(request: HttpRequest, link: int) -> str:
    return f"link-tries:{link}:{network_of(request)}"
