"""System checks of our own: the retention plan names every model that could hold personal data."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, register
from django.db import models

OUR_APPS = ("congress", "registration", "programme", "polls", "press")
PLAN = Path(__file__).with_name("retention.toml")


@cache
def retention_plan() -> dict[str, Any]:
    with PLAN.open("rb") as file:
        return tomllib.load(file)


def gaps(plan: dict[str, Any], ours: list[type[models.Model]]) -> list[str]:
    """Sentences about what the plan leaves out, or names though it is not there."""
    found = []
    personal, impersonal = plan["personal"], plan["impersonal"]
    labels = {model._meta.label for model in ours}
    for model in ours:
        label = model._meta.label
        if label in impersonal:
            if reaches_a_person(model):
                found.append(f"{label} is called impersonal, but points to a person.")
            continue
        if label not in personal:
            found.append(f"{label} has no line in the retention plan.")
            continue
        line = personal[label]
        missing = [key for key in ("fields", "why", "ground", "until") if not line.get(key)]
        if missing:
            found.append(f"{label}: the retention plan says nothing about {', '.join(missing)}.")
        fields = {field.name for field in model._meta.concrete_fields}
        found += [
            f"{label} has no field {name}." for name in line.get("fields", []) if name not in fields
        ]
        # `harmless` names the other fields, or says in a sentence why all of them are.
        harmless = line.get("harmless", [])
        if isinstance(harmless, list):
            unnamed = fields - set(line.get("fields", [])) - set(harmless) - {"id"}
            found += [
                f"{label}.{name}: neither personal nor said to be harmless."
                for name in sorted(unnamed)
            ]
    found += [
        f"{label} stands in the retention plan, but is no model."
        for label in {*personal, *impersonal} - labels
    ]
    return found


def reaches_a_person(model: type[models.Model]) -> bool:
    user = apps.get_model("congress", "User")
    return any(
        field.remote_field is not None and field.related_model is user
        for field in model._meta.concrete_fields
    )


@register()
def retention_is_complete(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    ours = [
        model
        for app in OUR_APPS
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
    ]
    ours = [model for model in ours if not model._meta.proxy]
    return [Error(sentence, id="congress.E001") for sentence in gaps(retention_plan(), ours)]
