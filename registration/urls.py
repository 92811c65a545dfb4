"""Addresses of the registration below `/<edition>/`."""

from django.urls import path

from registration import views

urlpatterns = [
    path("anmeldung/", views.register, name="register"),
    path("anmeldung/code/", views.code, name="registration_code"),
    path("anmeldung/bestaetigen/<str:token>/", views.confirm, name="registration_confirm"),
    path("meine-anmeldung/", views.my_registration, name="my_registration"),
    path("meine-anmeldung/absagen/", views.cancel, name="registration_cancel"),
    path("meine-anmeldung/kongress.ics", views.calendar_file, name="registration_calendar"),
]
