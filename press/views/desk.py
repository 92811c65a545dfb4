"""The press desk: who asks, with which proof; what is decided, one by one or many at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from congress import journal, outputs, uploads
from congress.errors import Refused
from congress.http import (
    MemberRequest,
    kept_nowhere,
    page_of,
    role_required,
    see_other,
    whole_numbers,
)
from congress.keyed import KeyedForm
from congress.models import Role
from congress.templatetags import kern
from congress.text import short_name
from press import actions, queries
from press.forms import QuestionForm, RejectionForm, SettingsForm
from press.models import Accreditation, AccreditationQuerySet, Assignment, PressSettings

DECIDES = (Role.Kind.PRESS_OFFICER, Role.Kind.ORGANISER)
ON_A_PAGE = 50
AT_ONCE = 200
STATES = Accreditation.State
FORMATS = {"xlsx": outputs.XLSX, "csv": outputs.CSV}

# Key in the address -> what the chip says, and the field of `queries.Counts`.
CHIPS = {
    "": (gettext_lazy("To decide"), "to_decide"),
    "antwort": (gettext_lazy("Waiting for an answer"), "waiting"),
    "akkreditiert": (gettext_lazy("Accredited"), "approved"),
    "abgelehnt": (gettext_lazy("Rejected"), "rejected"),
    "zurueckgezogen": (gettext_lazy("Withdrawn"), "withdrawn"),
}


# --- The queue ----------------------------------------------------------------------------------------


@require_safe
@role_required(*DECIDES)
def press_desk(request: MemberRequest) -> HttpResponseBase:
    """The queue, those in time before those that came late; or what has been decided."""
    edition, now = request.edition, request.now
    state, search = _chosen(request.GET.get("stand", "")), request.GET.get("suche", "")[:80].strip()
    rows = _found(request, state, search).with_what_lists_show().in_order_of_decision()
    page = page_of(request, rows, ON_A_PAGE)
    counts = queries.counts(edition, now)
    settings = PressSettings.objects.of(edition)
    shown = list(page)
    states = queries.link_states(edition, shown, now) if state == "akkreditiert" else {}
    query = {"suche": search} if search else {}
    context = {
        "page": page,
        "groups": [
            (late, group)
            for late in (False, True)
            if (group := [(row, states.get(row.pk)) for row in shown if row.late is late])
        ],
        "state": state,
        "search": search,
        "counts": counts,
        "chips": [
            (
                label,
                getattr(counts, name),
                "?" + urlencode({"stand": key, **query} if key else query),
                key == state,
            )
            for key, (label, name) in CHIPS.items()
        ],
        "query": urlencode({"stand": state, **query}),
        "remedy_unchecked": not settings.remedy_checked,
        "links_wait_until": queries.links_wait_until(edition, now),
    }
    return render(request, "press/orga/desk.html", context)


def _chosen(state: str) -> str:
    return state if state in CHIPS else ""


def _found(request: MemberRequest, state: str, search: str) -> AccreditationQuerySet:
    rows = Accreditation.objects.of_edition(request.edition).matching(search)
    if state == "":
        return rows.to_decide(request.now)
    if state == "antwort":
        return rows.waiting_for_an_answer(request.now)
    decided = {
        "akkreditiert": STATES.APPROVED,
        "abgelehnt": STATES.REJECTED,
        "zurueckgezogen": STATES.WITHDRAWN,
    }
    return rows.filter(state=decided[state])


@require_POST
@role_required(*DECIDES)
def press_list(request: MemberRequest) -> HttpResponse:
    """The list as it is filtered, for Excel. That it left the house stands in the journal."""
    edition, now = request.edition, request.now
    ending = request.POST.get("format", "")
    if ending not in FORMATS:
        raise BadRequest("no such format")
    state, search = _chosen(request.POST.get("stand", "")), request.POST.get("suche", "")[:80]
    rows = _found(request, state, search.strip()).in_order_of_decision()
    lines = [[cell(row) for _heading, cell in COLUMNS] for row in rows.iterator(chunk_size=500)]
    journal.note(
        "accreditation.listed",
        edition=edition,
        now=now,
        by=request.user,
        count=len(lines),
        format=ending,
        state=state,
    )
    name = outputs.filename(_("press"), edition.local(now).date(), ending=ending)
    header = [str(heading) for heading, _cell in COLUMNS]
    content = (
        outputs.safe_xlsx(header, lines, title=_("Press"))
        if ending == "xlsx"
        else outputs.safe_csv(header, lines)
    )
    return outputs.attachment(content, name, FORMATS[ending])


COLUMNS: list[tuple[Any, Callable[[Accreditation], outputs.Cell]]] = [
    (gettext_lazy("Last name"), lambda row: row.last_name),
    (gettext_lazy("First name"), lambda row: row.first_name),
    (gettext_lazy("Title"), lambda row: row.title),
    (gettext_lazy("Medium"), lambda row: row.medium),
    (gettext_lazy("Works as"), lambda row: row.get_function_display()),
    (gettext_lazy("E-mail address"), lambda row: row.mailbox),
    (gettext_lazy("Address confirmed"), lambda row: row.verified_at),
    (gettext_lazy("Telephone"), lambda row: row.phone),
    (
        gettext_lazy("Press card"),
        lambda row: f"{row.get_card_issuer_display()} {row.card_number}".strip(),
    ),
    (gettext_lazy("Press card valid until"), lambda row: row.card_valid_until),
    (gettext_lazy("Imprint or articles"), lambda row: row.work),
    (gettext_lazy("Country"), lambda row: row.country),
    (gettext_lazy("Interested in"), lambda row: row.wishes),
    (gettext_lazy("Sent"), lambda row: row.submitted_at),
    (gettext_lazy("In time"), lambda row: not row.late),
    (gettext_lazy("State"), lambda row: row.get_state_display()),
    (gettext_lazy("Decided"), lambda row: row.decided_at),
    (gettext_lazy("Reason"), lambda row: row.get_reason_code_display()),
]


@kept_nowhere
@require_safe
@role_required(*DECIDES)
def press_assignment(request: MemberRequest, accreditation: int) -> HttpResponseBase:
    """The editorial assignment that a journalist brought, to look at."""
    row = get_object_or_404(
        Assignment, accreditation=accreditation, accreditation__edition=request.edition
    )
    name = outputs.filename(_("assignment"), str(accreditation), ending=row.kind)
    return uploads.to_keep(
        row.file.open("rb"), kind=row.kind, name=name.removesuffix(f".{row.kind}")
    )


# --- One case -----------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*DECIDES)
def press_case(request: MemberRequest, accreditation: int) -> HttpResponseBase:
    """A request with its proof beside it, and what can be decided."""
    row = _accreditation(request, accreditation)
    if request.method == "POST":
        if request.POST.get("act") != "approve":
            raise BadRequest("no such act")
        return _decide(
            request,
            row,
            lambda: actions.approve(accreditation=row, by=request.user, now=request.now),
            _("%(name)s is accredited."),
        )
    context = {
        "a": row,
        "place": queries.place(request.edition, request.now, row.pk),
        "questions": row.questions.select_related("asked_by"),
        "waits_for_an_answer": row.waits_for_an_answer(request.now),
        "twins": row.twins[:10],
        "entries": queries.journal_of(row)[:50],
        "link": queries.link_states(request.edition, [row], request.now).get(row.pk),
        "acts": _acts_on(row, request),
    }
    return render(request, "press/orga/case.html", context)


def _accreditation(request: MemberRequest, number: int) -> Accreditation:
    rows = Accreditation.objects.of_edition(request.edition).with_person()
    row = get_object_or_404(rows.select_related("decided_by"), pk=number)
    row.edition = request.edition
    return row


def _decide(
    request: MemberRequest, row: Accreditation, do: Callable[[], Any], sentence: str
) -> HttpResponse:
    """Do it, say so, and open the next case; the second of two is told who was first."""
    before = queries.place(request.edition, request.now, row.pk)
    try:
        do()
    except actions.AlreadyDecided:
        messages.info(request, _who_was_first(row))
    except Refused as refusal:
        messages.error(request, str(refusal.message))
        return _to_case(request, row.pk)
    else:
        messages.success(request, sentence % {"name": row.display_name})
    still = set(
        Accreditation.objects.of_edition(request.edition)
        .to_decide(request.now)
        .filter(pk__in=before.following)
        .values_list("pk", flat=True)
    )
    following = next((number for number in before.following if number in still), None)
    if following is None:
        return see_other("press_desk", edition=request.edition.slug)
    return _to_case(request, following)


def _to_case(request: MemberRequest, number: int) -> HttpResponse:
    return see_other("press_case", edition=request.edition.slug, accreditation=number)


def _who_was_first(row: Accreditation) -> str:
    row.refresh_from_db()
    by, at = row.decided_by, row.decided_at
    if by is None or at is None:
        return _("%(name)s: this is settled already (%(state)s).") % {
            "name": row.display_name,
            "state": row.get_state_display(),
        }
    return _(
        "%(reviewer)s was quicker and decided about %(name)s at %(time)s: %(state)s. Nothing else has happened."
    ) % {
        "reviewer": short_name(by.first_name, by.last_name),
        "name": row.display_name,
        "time": kern.at_clock(at),
        "state": row.get_state_display(),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*DECIDES)
def press_reject(request: MemberRequest, accreditation: int) -> HttpResponseBase:
    """With a reason from the list and words to it; what the journalist reads about the legal remedy stands below."""
    row = _accreditation(request, accreditation)
    form = RejectionForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = form.cleaned_data
        return _decide(
            request,
            row,
            lambda: actions.reject(
                accreditation=row,
                code=given["code"],
                reason=given["reason"],
                by=request.user,
                now=request.now,
            ),
            _("%(name)s is not accredited. The letter with the reason leaves now."),
        )
    settings = PressSettings.objects.of(request.edition)
    settings.edition = request.edition
    context = {
        "a": row,
        "form": form,
        "remedy": settings.remedy_for(row.language),
        "remedy_unchecked": not settings.remedy_checked,
    }
    return render(request, "press/orga/reject.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*DECIDES)
def press_ask(request: MemberRequest, accreditation: int) -> HttpResponseBase:
    """Ask back by letter; the case comes back with the answer, or without one after some days."""
    row = _accreditation(request, accreditation)
    form = QuestionForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = form.cleaned_data
        return _decide(
            request,
            row,
            lambda: actions.ask(
                accreditation=row,
                text=given["text"],
                until=request.now + timedelta(days=given["days"]),
                by=request.user,
                now=request.now,
            ),
            _("%(name)s is asked. The case comes back with the answer."),
        )
    return render(request, "press/orga/ask.html", {"a": row, "form": form})


# --- What is done with an access ----------------------------------------------------------------------


class Act:
    """Something that is asked once more before it is done."""

    def __init__(
        self,
        label: Any,
        sentence: Any,
        done: Any,
        do: Callable[[Accreditation, MemberRequest, UUID], None],
        fits: Callable[[Accreditation, MemberRequest], bool],
    ) -> None:
        self.label, self.sentence, self.done = label, sentence, done
        self.do, self.fits = do, fits


def _is_in(row: Accreditation, request: MemberRequest) -> bool:
    return (
        row.state == STATES.APPROVED
        and row.admission is not None
        and row.admission.is_in_force(request.now)
    )


def _was_shut_out(row: Accreditation, request: MemberRequest) -> bool:
    return row.state == STATES.APPROVED and not _is_in(row, request)


def _waits(row: Accreditation, request: MemberRequest) -> bool:
    """Approved, and the link waits for the moment at which all of them leave."""
    state = queries.link_states(request.edition, [row], request.now).get(row.pk)
    return _is_in(row, request) and state is not None and state.key == "waiting"


def _was_sent(row: Accreditation, request: MemberRequest) -> bool:
    return _is_in(row, request) and not _waits(row, request)


def _send_again(row: Accreditation, request: MemberRequest, key: UUID) -> None:
    actions.send_link_again(accreditation=row, key=key, by=request.user, now=request.now)


def _renew(row: Accreditation, request: MemberRequest, key: UUID) -> None:
    actions.renew_access(accreditation=row, by=request.user, now=request.now)


def _revoke(row: Accreditation, request: MemberRequest, key: UUID) -> None:
    actions.revoke_access(accreditation=row, by=request.user, now=request.now)


def _withdraw(row: Accreditation, request: MemberRequest, key: UUID) -> None:
    actions.withdraw(accreditation=row, by=request.user, now=request.now)


def _may_withdraw(row: Accreditation, request: MemberRequest) -> bool:
    return row.state in (STATES.REQUESTED, STATES.APPROVED)


ACTS = {
    "jetzt": Act(
        gettext_lazy("Send link now"),
        gettext_lazy("The link does not wait for the moment at which all of them leave."),
        gettext_lazy("The link is on its way."),
        _send_again,
        _waits,
    ),
    "nochmals": Act(
        gettext_lazy("Send link again"),
        gettext_lazy(
            "The journalist gets the link once more by letter. Earlier ones end as soon as it has arrived; who is in "
            "stays in."
        ),
        gettext_lazy("The link is on its way."),
        _send_again,
        _was_sent,
    ),
    "neu": Act(
        gettext_lazy("New link"),
        gettext_lazy(
            "The journalist gets a new link by letter. All earlier ones end at once, with every device that is in "
            "by them."
        ),
        gettext_lazy("The new link is on its way; the earlier ones have ended."),
        _renew,
        _was_sent,
    ),
    "wieder": Act(
        gettext_lazy("Let in again"),
        gettext_lazy("The access was revoked. The journalist gets a new link by letter."),
        gettext_lazy("The new link is on its way."),
        _renew,
        _was_shut_out,
    ),
    "widerrufen": Act(
        gettext_lazy("Revoke access"),
        gettext_lazy(
            "The journalist can no longer enter. The link ends, and open pages close within seconds."
        ),
        gettext_lazy("The access is revoked."),
        _revoke,
        _is_in,
    ),
    "zurueckgezogen": Act(
        gettext_lazy("Mark as withdrawn"),
        gettext_lazy(
            "The journalist has said not to come. An access that was given ends, and a letter says so."
        ),
        gettext_lazy("The request is withdrawn."),
        _withdraw,
        _may_withdraw,
    ),
}


def _acts_on(row: Accreditation, request: MemberRequest) -> list[tuple[str, Act]]:
    return [(key, act) for key, act in ACTS.items() if act.fits(row, request)]


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*DECIDES)
def press_act(request: MemberRequest, accreditation: int, act: str) -> HttpResponseBase:
    """What will happen, asked once more; then it is done. What does not fit (any more) is said."""
    row = _accreditation(request, accreditation)
    if act not in ACTS:
        raise Http404
    wanted = ACTS[act]
    if not wanted.fits(row, request):
        messages.info(request, _("That is no longer possible: the access stands otherwise now."))
        return _to_case(request, row.pk)
    form = KeyedForm(request.POST if request.method == "POST" else None, about=f"{row.pk}:{act}")
    if form.is_valid():
        try:
            wanted.do(row, request, form.cleaned_data["form_key"])
        except Refused as refusal:
            messages.error(request, str(refusal.message))
        else:
            messages.success(request, str(wanted.done))
        return _to_case(request, row.pk)
    context = {"a": row, "form": form, "act": wanted}
    return render(request, "press/orga/act.html", context)


# --- Many at a time -----------------------------------------------------------------------------------


@require_POST
@role_required(*DECIDES)
def press_together(request: MemberRequest) -> HttpResponseBase:
    """Approve the marked ones: who they are, asked once more; then each in a transaction of its own."""
    numbers = whole_numbers(request.POST.getlist("fall")[:AT_ONCE])
    chosen = list(
        Accreditation.objects.of_edition(request.edition)
        .undecided()
        .filter(pk__in=numbers)
        .with_what_lists_show()
        .in_order_of_decision()
    )
    if not chosen:
        messages.warning(request, _("Please mark at least one request that is not decided."))
        return see_other("press_desk", edition=request.edition.slug)
    if "bestaetigt" not in request.POST:
        return render(request, "press/orga/together.html", {"chosen": chosen})
    done, refused = 0, Counter[str]()
    for row in chosen:
        row.edition = request.edition
        try:
            actions.approve(accreditation=row, by=request.user, now=request.now)
        except Refused as refusal:
            refused[str(refusal.message)] += 1
        else:
            done += 1
    if done:
        text = ngettext(
            "%(count)d journalist is accredited.", "%(count)d journalists are accredited.", done
        )
        messages.success(request, text % {"count": done})
    for message, count in refused.items():
        left = ngettext(
            "%(count)d request was left out:", "%(count)d requests were left out:", count
        )
        messages.warning(request, f"{left % {'count': count}} {message}")
    return see_other("press_desk", edition=request.edition.slug)


# --- Journal and settings -----------------------------------------------------------------------------


@require_safe
@role_required(*DECIDES)
def press_journal(request: MemberRequest) -> HttpResponseBase:
    """Who decided what, and when; the newest first."""
    page = page_of(request, queries.journal(request.edition), ON_A_PAGE)
    numbers = {entry.pk: _number_in(entry.target) for entry in page}
    rows = Accreditation.objects.filter(edition=request.edition)
    by_number = rows.in_bulk(set(numbers.values()))
    entries = [(entry, by_number.get(numbers[entry.pk])) for entry in page]
    return render(request, "press/orga/journal.html", {"page": page, "entries": entries})


def _number_in(target: str) -> int:
    """0 for what is about no request."""
    label, _colon, number = target.partition(":")
    return int(number) if label == Accreditation._meta.label_lower and number.isdigit() else 0


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*DECIDES)
def press_settings(request: MemberRequest) -> HttpResponseBase:
    settings = PressSettings.objects.of(request.edition)
    settings.edition = request.edition
    form = SettingsForm(request.POST if request.method == "POST" else None, instance=settings)
    if form.is_valid():
        actions.change_settings(
            edition=request.edition, by=request.user, now=request.now, **form.cleaned_data
        )
        messages.success(request, _("Saved."))
        return see_other("press_settings", edition=request.edition.slug)
    context = {
        "form": form,
        "standard": settings.standard_remedy(),
        "links_leave_at": queries.links_leave_at(request.edition),
    }
    return render(request, "press/orga/settings.html", context)
