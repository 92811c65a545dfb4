"""The twin of the socket over HTTP: the same snapshot by GET, the same four actions by POST.

What is asked all the time is answered by `polls.twin` before it comes here; these views do the same, and refuse.
Whoever asks as a program gets the protocol's bodies; a plain form gets its page back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import condition, require_POST, require_safe

from congress.http import EditionRequest, MemberRequest, admission_required, see_other
from congress.live.batches import Busy
from congress.live.entry import OBSERVER
from congress.live.frames import LARGEST_FRAME, BadFrame, decode, read, reply_id
from congress.live.limits import buckets
from congress.live.sockets import Declined, error_body, serialised
from polls import presence, voting
from polls.models import WORD_LIMIT
from polls.twin import STATUS
from polls.views.stages import Viewer, find_stage, render_stage
from polls.words import different

Handler = Callable[[Viewer, Mapping[str, Any]], dict[str, Any]]


@require_safe
@admission_required
def state_json(request: MemberRequest, stage: str) -> HttpResponseBase:
    """The snapshot without what is the viewer's own: from memory, the same bytes for an audience."""
    viewer = Viewer(request, find_stage(request, stage))
    presence.page_seen(viewer.stage.pk, viewer.kind)
    response: HttpResponseBase = _snapshot(request, viewer)
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["Cookie"])
    return response


@condition(etag_func=lambda request, viewer: viewer.picture.etag(viewer.audience))
def _snapshot(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    return HttpResponse(
        viewer.picture.frame("state", viewer.audience).encode(), content_type="application/json"
    )


@require_safe
@admission_required
def me_json(request: MemberRequest, stage: str) -> HttpResponse:
    """What is the viewer's own."""
    viewer = Viewer(request, find_stage(request, stage))
    body = viewer.own.frame | {"kind": viewer.kind}
    return HttpResponse(serialised(body).encode(), content_type="application/json")


def _door(kind: str, *, lists: tuple[str, ...] = ()) -> Callable[[Handler], Any]:
    """A POST that takes the fields of a frame, as JSON or as a form."""

    def decorate(handle: Handler) -> Any:
        @require_POST
        @wraps(handle)
        def view(anybody: EditionRequest, stage: str) -> HttpResponseBase:
            if not anybody.user.is_authenticated:
                return redirect_to_login(anybody.get_full_path())
            request = cast(MemberRequest, anybody)
            viewer = Viewer(request, find_stage(request, stage))
            reply_to: str | None = None
            content: dict[str, Any] = {}
            try:
                content = _content(request, kind, lists)
                reply_to = reply_id(content)
                frame = read(content, voting.SHAPES)
                if viewer.kind == OBSERVER:
                    raise Declined("not_admitted")
                if not buckets.take(viewer.person):
                    raise Declined("too_fast", retry_after_ms=1000)
                body = handle(viewer, frame)
            except BadFrame as bad:
                return _refused(request, viewer, content, bad.code, bad.reply_to or reply_to)
            except Declined as declined:
                return _refused(request, viewer, content, declined.code, reply_to, **declined.more)
            except Busy as busy:
                return _refused(
                    request, viewer, content, "busy", reply_to, retry_after_ms=busy.retry_after_ms
                )
            if _wants_page(request):
                messages.success(request, _said(kind, body))
                return see_other("live_stage", request.edition.slug, stage)
            return HttpResponse(serialised(body).encode(), content_type="application/json")

        return view

    return decorate


@_door("vote", lists=("choices", "words"))
def vote(viewer: Viewer, frame: Mapping[str, Any]) -> dict[str, Any]:
    ballot = voting.ballot_of(
        frame,
        person=viewer.person,
        stage=viewer.stage.pk,
        may_vote=viewer.may_vote,
        is_press=viewer.is_press,
    )
    return _ack(frame, already=voting.cast_and_wait(ballot))


@_door("ask")
def ask(viewer: Viewer, frame: Mapping[str, Any]) -> dict[str, Any]:
    _number, _state, already = voting.ask(frame, _voter(viewer))
    return _ack(frame, already=already)


@_door("support")
def support(viewer: Viewer, frame: Mapping[str, Any]) -> dict[str, Any]:
    backing = voting.backing_of(frame, _voter(viewer))
    return _ack(frame, already=voting.support_and_wait(backing))


@_door("rate")
def rate(viewer: Viewer, frame: Mapping[str, Any]) -> dict[str, Any]:
    rating = voting.rating_of(frame, _voter(viewer))
    return _ack(frame, already=voting.rate_and_wait(rating))


def _voter(viewer: Viewer) -> voting.Voter:
    return voting.Voter(viewer.person, viewer.stage.pk, viewer.may_vote, viewer.is_press)


def _ack(frame: Mapping[str, Any], *, already: bool) -> dict[str, Any]:
    answer: dict[str, Any] = {"type": "ack", "id": frame["id"]}
    return answer | {"already": True} if already else answer


def _content(request: HttpRequest, kind: str, lists: tuple[str, ...]) -> dict[str, Any]:
    """The fields as a frame has them. Raises `BadFrame`."""
    if request.content_type == "application/json":
        try:
            body = request.body
        except RequestDataTooBig as error:
            raise BadFrame("too_long") from error
        if len(body) > LARGEST_FRAME:
            raise BadFrame("too_long")
        try:
            content = decode(body.decode())
        except UnicodeDecodeError as error:
            raise BadFrame from error
        if content.get("type", kind) != kind:
            raise BadFrame
        return content | {"type": kind}
    return _of_form(request.POST, kind, lists)


def _of_form(form: QueryDict, kind: str, lists: tuple[str, ...]) -> dict[str, Any]:
    content: dict[str, Any] = {"type": kind}
    for key in form:
        if key == "csrfmiddlewaretoken":
            continue
        values: list[Any] = [_number(value) for value in form.getlist(key)]
        if key in {"id", "text", "comment", "session"}:
            values = form.getlist(key)
        if key == "words":
            values = [word for word in form.getlist(key) if word.strip()]  # fields left empty
        if key == "named":
            values = [bool(value) for value in form.getlist(key)]
        if key not in lists and len(values) != 1:
            raise BadFrame
        content[key] = values if key in lists else values[0]
    if sum(len(str(value)) for value in content.values()) > LARGEST_FRAME:
        raise BadFrame("too_long")
    return content


def _number(value: str) -> Any:
    plain = value.isascii() and value.isdigit() and len(value) <= 20
    return int(value) if plain else value


def _wants_page(request: HttpRequest) -> bool:
    """A browser's plain form; programs ask for JSON or for anything."""
    return request.content_type != "application/json" and "text/html" in request.headers.get(
        "Accept", ""
    )


def _refused(
    request: MemberRequest,
    viewer: Viewer,
    content: Mapping[str, Any],
    code: str,
    reply_to: str | None,
    **more: Any,
) -> HttpResponseBase:
    status = STATUS[code]
    body = error_body(code, reply_to=reply_to, **more)
    response: HttpResponseBase
    if _wants_page(request) and viewer.kind != OBSERVER:
        chosen = [value for value in content.get("choices", []) if isinstance(value, int)]
        words = list(content.get("words", []))
        reason = _reason(viewer, code, chosen, words) or body["message"]
        response = render_stage(
            request, viewer, refusal=reason, chosen=chosen, words=words, status=status
        )
    else:
        response = JsonResponse(body, status=status, json_dumps_params={"ensure_ascii": False})
    if "retry_after_ms" in more:
        response["Retry-After"] = str(max(1, more["retry_after_ms"] // 1000))
    return response


def _reason(viewer: Viewer, code: str, chosen: list[int], words: list[str]) -> str:
    """What was wrong with a vote, for whoever filled in a form; nothing where the protocol's sentence says it."""
    poll = viewer.picture.poll
    if code == "too_long" and words:
        return _("A word may have at most %(limit)d characters.") % {"limit": WORD_LIMIT}
    if code != "bad_frame" or poll is None:
        return ""
    if poll.is_word_cloud:
        if not words:
            return _("Please write at least one word.")
        if len(different(words)) < poll.min_choices:
            return _("Please write at least %s different words.") % poll.min_choices
        return _("These words cannot be read. Please write plain words, one in each field.")
    if len(chosen) > poll.max_choices:
        return _("Please choose at most %s answers.") % poll.max_choices
    if len(chosen) < poll.min_choices > 1:
        return _("Please choose at least %s answers.") % poll.min_choices
    return "" if chosen else _("Please choose an answer.")


def _said(kind: str, body: Mapping[str, Any]) -> str:
    if kind == "ask":
        return _("Thank you, your question has arrived.")
    if kind == "support":
        return _("Thank you, your support is counted.")
    if kind == "rate":
        if body.get("already"):
            return _("You have already rated this session; your first rating counts.")
        return _("Thank you for your rating.")
    if body.get("already"):
        return _("You have already voted in this poll; your first vote counts.")
    return _("Thank you, your vote has been counted.")
