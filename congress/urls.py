"""Addresses: German at the root, English below `/en/`; every app brings its own below `/<edition>/`."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path, register_converter

from congress import views


class EditionConverter:
    """The slug of an edition: a year, with an addition if need be."""

    regex = r"\d{4}(?:-[a-z0-9-]{1,34})?"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(EditionConverter, "edition")

urlpatterns = [
    path("healthz", views.health),
    path("readyz", views.ready),
    path("robots.txt", views.robots),
    path(".well-known/security.txt", views.security_txt),
    path(f"{settings.ADMIN_PATH}/", admin.site.urls),
]

if settings.DEMO:
    urlpatterns += [path("demo/", include("congress.demo.urls"))]

urlpatterns += i18n_patterns(
    path("", views.start, name="start"),
    path("konto/login/code/confirm/", views.confirm_login_code, name="account_confirm_login_code"),
    path("konto/wach/", views.awake, name="awake"),
    path("konto/", include("allauth.urls")),
    path("zugang/<str:token>/", views.access_link, name="access_link"),
    path("presse/zugang/<str:token>/", views.access_link, name="press_access_link"),
    path("<edition:edition>/", views.home, name="home"),
    path("<edition:edition>/hilfe/", views.help_page, name="help"),
    path("<edition:edition>/orga/", views.orga, name="orga"),
    path("<edition:edition>/orga/texte/", views.texts, name="texts"),
    path("<edition:edition>/orga/postausgang/", views.outbox, name="outbox"),
    path(
        "<edition:edition>/orga/postausgang/<int:number>/",
        views.outbox_letter,
        name="outbox_letter",
    ),
    path("<edition:edition>/", include("registration.urls")),
    path("<edition:edition>/", include("programme.urls")),
    path("<edition:edition>/", include("polls.urls")),
    path("<edition:edition>/", include("press.urls")),
    path("<slug:slug>/", views.page, name="page"),
    prefix_default_language=False,
)

handler400 = "congress.views.bad_request"
handler403 = "congress.views.forbidden"
handler404 = "congress.views.not_found"
handler500 = "congress.views.server_error"
