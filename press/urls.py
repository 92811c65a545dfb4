"""Addresses of the press below `/<edition>/`."""

from django.urls import path

from press.views import accreditation as views
from press.views import desk, publishing, releases

urlpatterns = [
    path("presse/", views.press_room, name="press"),
    path("presse/akkreditierung/", views.accreditation, name="accreditation"),
    path("presse/akkreditierung/gesendet/", views.accreditation_sent, name="accreditation_sent"),
    path(
        "presse/akkreditierung/<str:token>/",
        views.accreditation_request,
        name="accreditation_request",
    ),
    path("presse/link/", views.lost_link, name="lost_link"),
    path("presse/mitteilungen/", releases.releases, name="releases"),
    path("presse/mitteilungen/<int:number>/", releases.release, name="release"),
    path("presse/mitteilungen/<int:number>.pdf", releases.release_pdf, name="release_pdf"),
    path("presse/material/", releases.press_kit, name="press_kit"),
    path("presse/material/bilder.zip", releases.press_pictures, name="press_pictures"),
    path("presse/material/<int:number>.<str:ending>", releases.press_file, name="press_file"),
    path("presse/material/<int:number>/vorschau/", releases.press_preview, name="press_preview"),
    path("orga/medieninformationen/", publishing.orga_releases, name="orga_releases"),
    path("orga/medieninformationen/neu/", publishing.release_add, name="release_add"),
    path("orga/medieninformationen/<int:number>/", publishing.orga_release, name="orga_release"),
    path("orga/pressematerial/", publishing.orga_press_kit, name="orga_press_kit"),
    path("orga/presse/", desk.press_desk, name="press_desk"),
    path("orga/presse/datei/", desk.press_list, name="press_list"),
    path("orga/presse/mehrere/", desk.press_together, name="press_together"),
    path("orga/presse/journal/", desk.press_journal, name="press_journal"),
    path("orga/presse/einstellungen/", desk.press_settings, name="press_settings"),
    path("orga/presse/<int:accreditation>/", desk.press_case, name="press_case"),
    path(
        "orga/presse/<int:accreditation>/nachweis/", desk.press_assignment, name="press_assignment"
    ),
    path("orga/presse/<int:accreditation>/ablehnen/", desk.press_reject, name="press_reject"),
    path("orga/presse/<int:accreditation>/rueckfrage/", desk.press_ask, name="press_ask"),
    path("orga/presse/<int:accreditation>/<slug:act>/", desk.press_act, name="press_act"),
]
