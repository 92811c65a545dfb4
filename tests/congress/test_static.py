"""Static files can be collected for an installation, and templates name only files that exist."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"{%\s*static\s+['\"]([^'\"]+)['\"]")


@pytest.mark.parametrize(
    "path",
    sorted(ROOT.glob("*/templates/**/*.html")),
    ids=lambda path: f"{path.parts[-2]}/{path.name}",
)
def test_templates_name_static_files_that_exist(path):
    names = NAMED.findall(path.read_text(encoding="utf-8"))

    assert [name for name in names if finders.find(name) is None] == []


@pytest.mark.slow
def test_an_installation_can_collect_its_files(settings, tmp_path):
    """Scripts of others name source maps that we do not ship; Django would refuse them."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "congress.storage.StaticStorage"}
    }
    call_command("collectstatic", interactive=False, verbosity=0)

    assert re.search(
        r"vendor/hls\.min\.[0-9a-f]{12}\.js$", staticfiles_storage.url("vendor/hls.min.js")
    )
    style = tmp_path / staticfiles_storage.url("congress/fonts.css").removeprefix(
        settings.STATIC_URL
    )
    assert re.search(r"fira-sans-latin-400\.[0-9a-f]{12}\.woff2", style.read_text())
