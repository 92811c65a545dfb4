"""The registry: rules added, changed, looked at, taken away, and brought in by a table.

All editions share it. Whoever saves a rule has looked at it; when, is the registry's own time, which no edition shifts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from congress import journal
from congress.errors import Refused
from congress.models import Edition, User
from registration import registry
from registration.models import DomainRule, RuleTable

# What organisers change of a rule; domain and match make another rule of it.
CHANGEABLE = (
    "decision",
    "level",
    "land",
    "body",
    "bodies",
    "body_names",
    "kind",
    "ags",
    "source",
    "note",
)


class RuleExists(Refused):
    """`rule` says already what this domain means."""

    def __init__(self, rule: DomainRule) -> None:
        self.rule = rule
        super().__init__(_("There is a rule for this already; please change that one."))


class RuleChangedMeanwhile(Refused):
    def __init__(self, rule: DomainRule) -> None:
        self.rule = rule
        super().__init__(
            _(
                "Somebody has changed this rule in the meantime. Below you see it as it is now; "
                "nothing of yours was saved."
            )
        )


class TableIsGone(Refused):
    def __init__(self) -> None:
        super().__init__(
            _("This table was written already, or is no longer kept. Please upload it again.")
        )


@transaction.atomic
def add_rule(
    *, edition: Edition, by: User, now: datetime, domain: str, match: str, **values: Any
) -> DomainRule:
    """Raises `RuleExists`, or `ValidationError` where the rule makes no sense."""
    rule = DomainRule(domain=domain, match=match, **values)
    rule.full_clean(validate_unique=False, validate_constraints=False)
    _looked_at(rule, by)
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError as error:
        existing = DomainRule.objects.filter(domain=rule.domain, match=rule.match).first()
        if existing is None:
            raise
        raise RuleExists(existing) from error
    _note("added", rule, edition=edition, by=by, now=now, match=rule.match, decision=rule.decision)
    return rule


@transaction.atomic
def change_rule(
    *,
    rule: DomainRule,
    version: int | None,
    edition: Edition,
    by: User,
    now: datetime,
    **values: Any,
) -> list[str]:
    """Change what `CHANGEABLE` names; returns the names of what differs now. Saving it says that it is right.

    `version` is the one the person has seen (`DomainRule.version`). Raises `RuleChangedMeanwhile`, or
    `ValidationError` where the rule would make no sense.
    """
    current = DomainRule.objects.select_for_update().get(pk=rule.pk)
    if current.version != version:
        raise RuleChangedMeanwhile(current)
    changed = [
        name for name in CHANGEABLE if name in values and getattr(current, name) != values[name]
    ]
    DomainRule.objects.filter(pk=current.pk).keep_first_versions()
    for name in changed:
        setattr(current, name, values[name])
    current.full_clean(validate_unique=False)
    _looked_at(current, by)
    current.save()
    _note(
        "changed" if changed else "checked",
        current,
        edition=edition,
        by=by,
        now=now,
        fields=changed,
    )
    return changed


@transaction.atomic
def check_rule(*, rule: DomainRule, edition: Edition, by: User, now: datetime) -> DomainRule:
    """Somebody has looked at the rule, and it is right as it is."""
    current = DomainRule.objects.select_for_update().get(pk=rule.pk)
    DomainRule.objects.filter(pk=current.pk).keep_first_versions()
    _looked_at(current, by)
    current.save(update_fields=["checked_at", "checked_by"])
    _note("checked", current, edition=edition, by=by, now=now)
    return current


@transaction.atomic
def remove_rule(*, rule: DomainRule, edition: Edition, by: User, now: datetime) -> None:
    """What it has decided stays decided; its versions stay."""
    DomainRule.objects.filter(pk=rule.pk).keep_first_versions()
    _note("removed", rule, edition=edition, by=by, now=now)
    rule._history_user = by
    rule.delete()


def plan_table(*, content: bytes, name: str, edition: Edition, by: User) -> RuleTable:
    """Read a table, and keep what it would do until somebody has looked at it. Raises `registry.NotReadable`."""
    plan = registry.planned(content)
    return RuleTable.objects.create(edition=edition, by=by, name=name, plan=plan.stored())


@transaction.atomic
def renew_table(*, table: RuleTable) -> None:
    """Compare a kept table with the registry as it is now. Raises `TableIsGone`."""
    kept = RuleTable.objects.select_for_update().filter(pk=table.pk).first()
    if kept is None:
        raise TableIsGone
    kept.plan = registry.renewed(registry.Plan.restored(kept.plan)).stored()
    kept.save(update_fields=["plan"])


@transaction.atomic
def write_table(
    *, table: RuleTable, edition: Edition, by: User, now: datetime, checked: bool
) -> registry.Plan:
    """Write what was looked at: all of it, or nothing. Raises `TableIsGone` or `registry.ChangedMeanwhile`."""
    kept = RuleTable.objects.select_for_update().filter(pk=table.pk).first()
    if kept is None:
        raise TableIsGone
    plan = registry.Plan.restored(kept.plan)
    registry.carry_out(plan, by=by, reason=_("Table %s") % kept.name, checked=checked)
    journal.note(
        "rules.imported",
        edition=edition,
        now=now,
        by=by,
        checked=checked,
        rows={act: plan.count(act) for act in registry.ACTS},
    )
    kept.delete()
    return plan


def _looked_at(rule: DomainRule, by: User) -> None:
    rule.checked_at, rule.checked_by = Edition().now(), by
    rule._history_user = by


def _note(
    verb: str, rule: DomainRule, *, edition: Edition, by: User, now: datetime, **details: Any
) -> None:
    journal.note(f"rule.{verb}", edition=edition, now=now, by=by, target=rule, **details)
