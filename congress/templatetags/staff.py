"""Words and the frame of the organisers' pages. `{% load staff %}`."""

from dataclasses import dataclass
from typing import Any, cast

from django import template
from django.urls import reverse
from django.utils.functional import Promise

from congress import panels, queries
from congress.http import EditionRequest
from congress.models import Edition, User

register = template.Library()


@dataclass(frozen=True)
class Link:
    label: str | Promise
    url: str
    is_current: bool


@dataclass(frozen=True)
class Frame:
    """What stands around every page below /<edition>/orga/."""

    links: list[Link]
    editions: list[Edition]


@register.filter
def act(verb: str) -> str:
    """The journal's verb as people say it."""
    return panels.name_of_act(verb)


@register.simple_tag(takes_context=True)
def orga_frame(context: dict[str, Any]) -> Frame:
    """The pages this person's roles open here, and the editions they work for."""
    request = cast(EditionRequest, context["request"])
    user, edition = cast(User, request.user), request.edition
    kinds = queries.kinds_in(user, edition)
    links = []
    for link in panels.orga_links:
        if kinds.isdisjoint(link.roles):
            continue
        url = reverse(link.url_name, kwargs={"edition": edition.slug})
        # The overview's address begins all others.
        current = request.path == url if link.url_name == "orga" else request.path.startswith(url)
        links.append(Link(link.label, url, current))
    return Frame(links, list(queries.editions_of(user)))
