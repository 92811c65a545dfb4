"""What a role may do in the admin, and who sees which edition. Apps add their lines in `AppConfig.ready()`."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from congress.models import AccessLink, Admission, Role, User

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


@dataclass(frozen=True)
class Reach:
    """The editions in which somebody holds a permission: by the roles there, never by one elsewhere."""

    everywhere: bool = False
    editions: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.editions)

    def __contains__(self, edition_id: int | None) -> bool:
        """Whether rows of this edition are reached; rows of no edition belong to those who work for all."""
        return self.everywhere or (edition_id is not None and edition_id in self.editions)

    def narrow(self, rows: QuerySet[Any], path: str) -> QuerySet[Any]:
        """Of `rows`, whose edition stands at the look-up `path`, those that are reached."""
        return rows if self.everywhere else rows.filter(**{f"{path}__in": self.editions})

    def rows_of(self, model: type[Any], path: str) -> QuerySet[Any]:
        return self.narrow(model._default_manager.all(), path)


def reach(user: Any, *permissions: str) -> Reach:
    """Where one of the permissions holds for this person. No query beyond the one for the roles.

    Roles for a single stage give pages of that stage, no rows in the admin.
    """
    if not isinstance(user, User) or not user.is_active:
        return Reach()
    if user.is_superuser:
        return Reach(everywhere=True)
    where = {
        role.edition_id
        for role in user.active_roles
        if role.stage_id is None and any(allows(role.kind, name) for name in permissions)
    }
    return Reach(everywhere=None in where, editions=frozenset(where - {None}))  # type: ignore[arg-type]  # None is out


# What makes somebody a person of an edition: (model, its field for the person, its field for the edition).
_TIES: list[tuple[type[Any], str, str]] = [
    (Role, "person", "edition"),
    (Admission, "person", "edition"),
    (AccessLink, "person", "edition"),
]


def tie(model: type[Any], *, person: str = "person", edition: str = "edition") -> None:
    """Rows of `model` make their person one whom the edition's organisers see."""
    _TIES.append((model, person, edition))


def people_within(reached: Reach) -> QuerySet[User]:
    """The people tied to one of these editions."""
    if reached.everywhere:
        return User.objects.all()
    tied = [
        model._default_manager.filter(
            **{f"{edition}__in": reached.editions, f"{person}__isnull": False}
        )
        .order_by()
        .values(f"{person}_id")
        for model, person, edition in _TIES
    ]
    # One set of numbers: as one condition for each tie, ten thousand people take twice as long.
    return User.objects.filter(pk__in=tied[0].union(*tied[1:]))


def ties_beyond(person: User, reached: Reach) -> bool:
    """Whether something ties the person to an edition that is not reached, or to all of them."""
    if reached.everywhere:
        return False
    beyond = _any_tie(
        lambda edition: (
            ~Q(**{f"{edition}__in": reached.editions}) | Q(**{f"{edition}__isnull": True})
        )
    )
    return User.objects.filter(beyond, pk=person.pk).exists()


def _any_tie(where: Callable[[str], Q]) -> Q:
    found = Q(pk__in=[])
    for model, person, edition in _TIES:
        rows = model._default_manager.filter(where(edition), **{f"{person}__isnull": False})
        found |= Q(pk__in=rows.values(f"{person}_id"))
    return found


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
    "congress.revoke_admission",
    "congress.renew_accesslink",
    "congress.revoke_accesslink",
)
grant(Role.Kind.OBSERVER, "congress.view_edition", "congress.view_stage")
grant(Role.Kind.PRESS_OFFICER, "congress.view_edition")
