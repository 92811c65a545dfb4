"""Addresses of the programme below `/<edition>/`."""

from django.urls import path, register_converter

from programme import views


class CodeConverter:
    """The code of a session; typed small it is found as well."""

    regex = r"[A-Za-z0-9][A-Za-z0-9-]{0,11}"

    def to_python(self, value: str) -> str:
        return value.upper()

    def to_url(self, value: str) -> str:
        return value


register_converter(CodeConverter, "session_code")

urlpatterns = [
    path("programm/", views.timetable, name="programme"),
    path("programm/<session_code:code>/", views.session, name="session"),
    path("programm/<session_code:code>.ics", views.session_calendar, name="session_calendar"),
    path("mitwirkung/<str:token>/", views.speakers_office, name="speakers_office"),
    path("programm.ics", views.calendar, name="programme_calendar"),
    path("schedule.json", views.schedule_json, name="schedule_json"),
    path("schedule.xml", views.schedule_xml, name="schedule_xml"),
]
