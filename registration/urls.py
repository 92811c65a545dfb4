"""Addresses of the registration below `/<edition>/`."""

from django.urls import path

from registration.views import (
    address,
    badges,
    desk,
    level,
    mine,
    register,
    registry,
    settings,
    telephone,
)

urlpatterns = [
    path("anmeldung/", register.register, name="register"),
    path("anmeldung/adresse/", address.address, name="registration_address"),
    path("anmeldung/code/", register.code, name="registration_code"),
    path("anmeldung/bestaetigen/<str:token>/", register.confirm, name="registration_confirm"),
    path("meine-anmeldung/", mine.my_registration, name="my_registration"),
    path("meine-anmeldung/ebene/", level.level, name="registration_level"),
    path("meine-anmeldung/absagen/", mine.cancel, name="registration_cancel"),
    path("meine-anmeldung/kongress.ics", mine.calendar_file, name="registration_calendar"),
    path("meine-anmeldung/ticket.pdf", badges.ticket_file, name="ticket_file"),
    path("einlass/<str:token>/", badges.ticket, name="ticket"),
    path("orga/ausweise/", badges.badges, name="badges"),
    path("orga/ausweise/<int:number>/sperren/", badges.lock_badge, name="badge_lock"),
    path("telefoncode/", telephone.telephone_code, name="telephone_code"),
    path("orga/hilfe/", desk.help_desk, name="help_desk"),
    path("orga/hilfe/neu/", desk.walk_in, name="help_desk_walk_in"),
    path("orga/hilfe/<slug:key>/", desk.help_case, name="help_case"),
    path("orga/hilfe/<slug:key>/brief/<int:number>/", desk.help_letter, name="help_letter"),
    path("orga/hilfe/<slug:key>/<slug:act>/", desk.help_act, name="help_act"),
    path("orga/anmeldung/", settings.settings, name="registration_settings"),
    path("orga/adressen/", registry.rules, name="rules"),
    path("orga/adressen/neu/", registry.rule_add, name="rule_add"),
    path("orga/adressen/liste.csv", registry.rules_file, {"ending": "csv"}, name="rules_csv"),
    path("orga/adressen/liste.xlsx", registry.rules_file, {"ending": "xlsx"}, name="rules_xlsx"),
    path("orga/adressen/tabelle/", registry.rules_import, name="rules_import"),
    path(
        "orga/adressen/tabelle/<uuid:table>/",
        registry.rules_import_preview,
        name="rules_import_preview",
    ),
    path("orga/adressen/<int:rule>/", registry.rule, name="rule"),
    path("orga/adressen/<int:rule>/geprueft/", registry.rule_check, name="rule_check"),
    path("orga/adressen/<int:rule>/entfernen/", registry.rule_remove, name="rule_remove"),
]
