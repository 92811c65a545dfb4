"""What a role may do in the admin, and who sees which edition. Apps add their lines in `AppConfig.ready()`."""

from collections import defaultdict

from congress.models import Role

# role kind -> {"app_label.action_model" | "app_label.*" | "app_label.view_*"}
_GRANTS: dict[str, set[str]] = defaultdict(set)


def grant(kind: str, *patterns: str) -> None:
    _GRANTS[kind].update(patterns)


def allows(kind: str, permission: str) -> bool:
    """Whether a role of this kind carries Django's `app_label.action_model`."""
    app_label, _, codename = permission.partition(".")
    action = codename.partition("_")[0]
    return not _GRANTS[kind].isdisjoint({permission, f"{app_label}.*", f"{app_label}.{action}_*"})


def allows_module(kind: str, app_label: str) -> bool:
    return any(pattern.partition(".")[0] == app_label for pattern in _GRANTS[kind])


grant(
    Role.Kind.ORGANISER,
    "congress.view_*",
    "congress.change_edition",
    "congress.add_stage",
    "congress.change_stage",
    "congress.delete_stage",
    "congress.add_page",
    "congress.change_page",
    "congress.delete_page",
    "congress.add_role",
    "congress.change_role",
    "congress.delete_role",
    "congress.change_user",
)
grant(Role.Kind.OBSERVER, "congress.view_edition", "congress.view_stage")
grant(Role.Kind.PRESS_OFFICER, "congress.view_edition")
