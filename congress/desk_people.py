"""What the congress knows about people at the help desk: accounts, admissions, personal links, devices, roles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from congress import actions, desk, permissions
from congress.desk import Act, Deed, Outcome, Sentence, Subject, Wanted, Weight, shown, when
from congress.models import AccessLink, Admission, BrowserSession, Edition, Role, User
from congress.models.database import numbered
from congress.permissions import Reach

END_DEVICES = "geraete"


class People:
    """Whoever the edition knows by a role, an admission, a link, or a row of an app."""

    kind = "person"

    def find(self, edition: Edition, wanted: Wanted) -> Iterable[Subject]:
        found = wanted.among(_of(edition), mailboxes=("email", "contact_email"))
        return map(Subject.of, found[: desk.MOST_FOUND + 1])

    def get(self, edition: Edition, numbers: Sequence[int]) -> Iterable[Subject]:
        return map(Subject.of, _of(edition).filter(pk__in=numbers))

    def everybody(self, edition: Edition) -> Iterable[tuple[int, str]]:
        return numbered(_of(edition), "found_by")


def _of(edition: Edition) -> QuerySet[User]:
    simulated = Admission.objects.filter(
        person=OuterRef("pk"), edition=edition, kind=Admission.Kind.REHEARSAL
    )
    return permissions.people_within(Reach(editions=frozenset({edition.pk}))).filter(
        ~Exists(simulated)
    )


def sentences(
    edition: Edition, now: datetime, subjects: Sequence[Subject]
) -> Mapping[str, Sequence[Sentence]]:
    """Account, admission, link, devices and roles of people. Five queries for any number of them."""
    people = {subject.person.pk: subject for subject in subjects if subject.person is not None}
    if not people:
        return {}
    facts = _Facts(edition, now, list(people))
    return {
        subject.key: facts.about(subject.person) for subject in people.values() if subject.person
    }


class _Facts:
    def __init__(self, edition: Edition, now: datetime, people: list[int]) -> None:
        self.edition, self.now = edition, now
        self.admissions = {
            admission.person_id: admission
            for admission in Admission.objects.filter(edition=edition, person__in=people)
        }
        self.links: dict[int | None, list[AccessLink]] = defaultdict(list)
        for link in AccessLink.objects.filter(edition=edition, person__in=people).order_by("-pk"):
            self.links[link.person_id].append(link)
        self.devices: dict[int | None, list[BrowserSession]] = defaultdict(list)
        for device in BrowserSession.objects.filter(
            person__in=people,
            expire_date__gt=timezone.now(),  # noqa: TID251  # sessions live by the real clock
        ).defer("session_data"):
            self.devices[device.person_id].append(device)
        self.roles: dict[int, list[Role]] = defaultdict(list)
        for role in Role.objects.filter(person__in=people).in_force().select_related("stage"):
            if role.edition_id in (None, edition.pk):
                self.roles[role.person_id].append(role)
        self.factors = set(
            Authenticator.objects.filter(user__in=people).values_list("user_id", flat=True)
        )

    def about(self, person: User) -> list[Sentence]:
        found = []
        admission = self.admissions.get(person.pk)
        if not person.is_active:
            found.append(Sentence(_("The account is switched off."), Weight.SHUT, "danger"))
        if admission is not None and admission.revoked_at is not None and not admission.given_back:
            at = when(admission.revoked_at, self.edition, self.now)
            text = _("The admission was revoked %(when)s.") % {"when": at}
            found.append(Sentence(text, Weight.SHUT, "danger"))
        if roles := self.roles[person.pk]:
            found.append(self._team(person, roles))
        if admission is not None and admission.is_in_force(self.now):
            found += self._admitted(person, admission)
        elif admission is not None and admission.revoked_at is None:
            at = when(admission.valid_until or self.now, self.edition, self.now)
            text = _("The admission ended %(when)s.") % {"when": at}
            found.append(Sentence(text, Weight.SHUT, "warning"))
        return found

    def _admitted(self, person: User, admission: Admission) -> list[Sentence]:
        kind, devices = admission.get_kind_display(), self.devices[person.pk]
        found = []
        if person.email is None:
            found += self._link(person, admission, devices)
        ends = (END_DEVICES,) if devices else ()
        if devices:
            entered = max(device.entered_at for device in devices)
            at = when(shown(entered, self.edition), self.edition, self.now)
            text = ngettext(
                "Is admitted (%(kind)s) and signed in on %(n)d device, last entered %(when)s.",
                "Is admitted (%(kind)s) and signed in on %(n)d devices, last entered %(when)s.",
                len(devices),
            ) % {"kind": kind, "n": len(devices), "when": at}
            found.append(Sentence(text, Weight.ADMITTED, "success", ends))
        elif person.last_login is not None:
            at = when(shown(person.last_login, self.edition), self.edition, self.now)
            text = _("Is admitted (%(kind)s) and not signed in, last entered %(when)s.") % {
                "kind": kind,
                "when": at,
            }
            found.append(Sentence(text, Weight.ADMITTED, "success"))
        else:
            text = _("Is admitted (%(kind)s) and has never signed in.") % {"kind": kind}
            found.append(Sentence(text, Weight.ADMITTED, "success"))
        return found

    def _link(
        self, person: User, admission: Admission, devices: list[BrowserSession]
    ) -> list[Sentence]:
        links = [link for link in self.links[person.pk] if link.kind == admission.kind]
        open_now = next((link for link in links if link.is_open(self.now)), None)
        if open_now is None:
            if not links:
                return []
            text = _("The personal link has ended; a new one opens the way again.")
            return [Sentence(text, Weight.TROUBLE, "warning")]
        by_it = [device for device in devices if device.link_id == open_now.pk]
        if len(by_it) >= open_now.max_devices:
            text = ngettext(
                "The personal link is open on %(n)d device, and more it may not be: whoever comes on one more "
                "is asked and ends the oldest.",
                "The personal link is open on %(n)d devices, and more it may not be: whoever comes on one more "
                "is asked and ends the oldest.",
                len(by_it),
            ) % {"n": len(by_it)}
            return [Sentence(text, Weight.TROUBLE, "warning", (END_DEVICES,))]
        return []

    def _team(self, person: User, roles: list[Role]) -> Sentence:
        kinds = ", ".join(dict.fromkeys(str(role.get_kind_display()) for role in roles))
        guarded = any(role.kind in Role.GUARDED for role in roles)
        if settings.SECOND_FACTOR and guarded and person.pk not in self.factors:
            text = _(
                "Works for the congress (%(roles)s) and has not set up a second factor yet: without it the pages "
                "for the team stay closed."
            ) % {"roles": kinds}
            return Sentence(text, Weight.TROUBLE, "warning")
        text = _("Works for the congress (%(roles)s).") % {"roles": kinds}
        return Sentence(text, Weight.REMARK, "neutral")


def end_devices(deed: Deed) -> Outcome:
    person = deed.subject.person
    if person is None:
        return Outcome()
    ended = actions.end_sessions(person=person, edition=deed.edition, now=deed.now, by=deed.by)
    text = ngettext("%(n)d device was signed out.", "%(n)d devices were signed out.", ended)
    return Outcome(text % {"n": ended})


ACTS = (
    Act(
        END_DEVICES,
        gettext_lazy("Sign out on all devices"),
        end_devices,
        icon="logout",
        last=True,
        hint=gettext_lazy("Whoever has lost a device or may not come in on one more begins anew."),
    ),
)
