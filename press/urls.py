"""Addresses of the press below `/<edition>/`."""

from django.urls import path

from press.views import accreditation as views

urlpatterns = [
    path("presse/", views.press_room, name="press"),
    path("presse/akkreditierung/", views.accreditation, name="accreditation"),
    path("presse/akkreditierung/gesendet/", views.accreditation_sent, name="accreditation_sent"),
    path(
        "presse/akkreditierung/<str:token>/",
        views.accreditation_request,
        name="accreditation_request",
    ),
]
