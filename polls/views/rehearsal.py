"""The page of the Generalprobe: how the last ones went, and how to start one."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from congress.http import MemberRequest, role_required
from congress.models import Role
from polls.rehearsal import running, verdict

MAY_READ = (Role.Kind.ORGANISER, Role.Kind.DIRECTOR)


@require_safe
@role_required(*MAY_READ)
def rehearsal(request: MemberRequest) -> HttpResponse:
    reports = [
        {
            "report": report,
            "verdict": verdict.judge(report.figures),
            "lines": verdict.table(report.figures),
        }
        for report in running.reports(request.edition.pk)
    ]
    stages = list(request.edition.stages.order_by("position", "pk"))
    return render(request, "polls/rehearsal.html", {"reports": reports, "stages": stages})
