"""The addresses as they are where settings.DEMO."""

from django.urls import include, path

from congress import urls

urlpatterns = [path("demo/", include("congress.demo.urls")), *urls.urlpatterns]
handler400, handler403, handler404 = urls.handler400, urls.handler403, urls.handler404
