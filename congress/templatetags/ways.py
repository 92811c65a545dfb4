"""Other ways in, which apps offer beside the usual one. `{% load ways %}`."""

from typing import Any

from django import template
from django.urls import reverse

from congress import panels

register = template.Library()


@register.inclusion_tag("congress/_ways_in.html", takes_context=True)
def ways_in(context: dict[str, Any]) -> dict[str, Any]:
    """One line for each; nothing where there is no edition, and no link to the page one is on."""
    edition, request = context.get("edition"), context.get("request")
    if edition is None:
        return {"ways": []}
    ways = [
        {"label": item.label, "url": reverse(item.url_name, kwargs={"edition": edition.slug})}
        for item in panels.ways_in
    ]
    here = getattr(request, "path", "")
    return {"ways": [way for way in ways if way["url"] != here]}
