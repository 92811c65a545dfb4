"""Requests inside an edition, and who may make them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import cached_property

from congress.models import Admission, Edition, Stage, User
from congress.sessions import BADGE_KEY

P = ParamSpec("P")


class EditionRequest(HttpRequest):
    """A request below `/<edition>/`. `now` is the edition's time, read with it in one query."""

    edition: Edition
    now: datetime
    csp_nonce: str
    access: Access


class MemberRequest(EditionRequest):
    """The same of somebody who is signed in."""

    user: User  # the decorators below guarantee it


class Access:
    """What the person of this request may do in its edition. At most two queries, asked when needed."""

    def __init__(self, request: HttpRequest, edition: Edition, now: datetime) -> None:
        self.request = request
        self.edition = edition
        self.now = now

    @cached_property
    def person(self) -> User | None:
        return self.request.user if isinstance(self.request.user, User) else None

    @cached_property
    def by_badge(self) -> int | None:
        """The edition whose badge somebody came in by: it opens the stages there, and no role goes with it."""
        badge: int | None = self.request.session.get(BADGE_KEY) if self.person is not None else None
        return badge

    @cached_property
    def admission(self) -> Admission | None:
        """The admission in force, or none."""
        if self.person is None or self.by_badge not in (None, self.edition.pk):
            return None
        return Admission.objects.in_force().filter(person=self.person, edition=self.edition).first()

    @property
    def _worker(self) -> User | None:
        """The person whose roles count: nobody's do who came in by a badge."""
        return self.person if self.by_badge is None else None

    @cached_property
    def has_role(self) -> bool:
        return self._worker is not None and self._worker.works_for(self.edition)

    def plays(self, *kinds: str, stage: Stage | None = None) -> bool:
        return self._worker is not None and (
            self._worker.is_superuser or self._worker.has_role(self.edition, *kinds, stage=stage)
        )

    def plays_anywhere(self, *kinds: str) -> bool:
        """The same for any stage: a role for one of them is enough."""
        return self._worker is not None and (
            self._worker.is_superuser
            or any(
                role.kind in kinds and role.edition_id in (None, self.edition.pk)
                for role in self._worker.active_roles
            )
        )

    def require_role(self, *kinds: str, stage: Stage | None = None) -> None:
        """Nothing for whoever plays one of the kinds. Raises `Http404` for strangers, `PermissionDenied` for others."""
        if self.plays(*kinds, stage=stage):
            return
        if not self.has_role and self.admission is None:
            raise Http404
        raise PermissionDenied


EditionView = Callable[Concatenate[Any, P], HttpResponseBase]


def role_required(*kinds: str) -> Callable[[EditionView[P]], EditionView[P]]:
    """Anonymous: to the sign-in. No role or admission in the edition: 404. A role of another kind: 403.

    A role for one stage only counts where the view asks `request.access.require_role(..., stage=stage)` itself;
    here it is enough to hold the kind for any stage.
    """

    def decorate(view: EditionView[P]) -> EditionView[P]:
        @wraps(view)
        def guarded(request: EditionRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not request.access.plays_anywhere(*kinds):
                request.access.require_role(*kinds)
            return view(request, *args, **kwargs)

        return cast(EditionView[P], guarded)

    return decorate


def see_other(to: Any, *args: Any, **kwargs: Any) -> HttpResponse:
    """303, what follows a POST: the next address is fetched by GET. Takes what `redirect` takes."""
    response: HttpResponse = redirect(to, *args, **kwargs)
    response.status_code = 303
    return response


def whole_number(given: str) -> int | None:
    """What a form or an address says as a number, one the database can hold; None for all else."""
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None


def whole_numbers(given: Iterable[str]) -> list[int]:
    """Those that are numbers: the marked rows of a list."""
    return [number for one in given if (number := whole_number(one)) is not None]


LAST_PAGE = 100_000  # no list is longer


def page_of(request: HttpRequest, rows: Any, rows_on_a_page: int) -> Page[Any]:
    """The page of a list that `?seite=` asks for. Raises `Http404` where that is no number of a page.

    Beyond the end it is the last one: lists get shorter while somebody reads them.
    """
    asked = whole_number(request.GET.get("seite") or "1")
    if asked is None or not 0 < asked <= LAST_PAGE:
        raise Http404("no such page")
    return Paginator(rows, rows_on_a_page).get_page(asked)


def kept_nowhere(view: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
    """For addresses that hold a token: no cache, no index, no referrer."""

    @wraps(view)
    def answered(*args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        response = view(*args, **kwargs)
        response["Referrer-Policy"] = "no-referrer"
        response["Cache-Control"] = "no-store"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return answered


def admission_required(view: EditionView[P]) -> EditionView[P]:
    """Anonymous: to the sign-in. Without an admission in force: 404; people with a role may look without one."""

    @wraps(view)
    def guarded(request: EditionRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if request.access.admission is None and not request.access.has_role:
            raise Http404
        return view(request, *args, **kwargs)

    return cast(EditionView[P], guarded)
