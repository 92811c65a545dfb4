"""Addresses of the registration below `/<edition>/`."""

from django.urls import path

from registration.views import badges, mine, register, settings

urlpatterns = [
    path("anmeldung/", register.register, name="register"),
    path("anmeldung/code/", register.code, name="registration_code"),
    path("anmeldung/bestaetigen/<str:token>/", register.confirm, name="registration_confirm"),
    path("meine-anmeldung/", mine.my_registration, name="my_registration"),
    path("meine-anmeldung/absagen/", mine.cancel, name="registration_cancel"),
    path("meine-anmeldung/kongress.ics", mine.calendar_file, name="registration_calendar"),
    path("meine-anmeldung/ticket.pdf", badges.ticket_file, name="ticket_file"),
    path("einlass/<str:token>/", badges.ticket, name="ticket"),
    path("orga/ausweise/", badges.badges, name="badges"),
    path("orga/ausweise/<int:number>/sperren/", badges.lock_badge, name="badge_lock"),
    path("orga/anmeldung/", settings.settings, name="registration_settings"),
]
