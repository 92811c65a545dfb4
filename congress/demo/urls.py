"""Addresses of the demonstration; included only where settings.DEMO."""

from django.urls import path

from congress.demo import views

urlpatterns = [
    path("", views.start, name="demo"),
    path("rolle/<slug:key>/", views.enter, name="demo_enter"),
    path("link/<slug:key>/", views.personal_link, name="demo_link"),
    path("tuer/<slug:key>/", views.open_door, name="demo_door"),
    path("uhr/", views.turn_clock, name="demo_clock"),
    path("mails/", views.mail_list, name="demo_mails"),
    path("mails/<str:name>/", views.mail, name="demo_mail"),
    path("bausteine/", views.components, name="demo_components"),
    path("auffuellen/", views.refill, name="demo_refill"),
]
