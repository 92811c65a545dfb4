"""The files of others are the ones we looked at, each with its licence."""

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [
    ROOT / "congress" / "static" / "vendor",
    ROOT / "congress" / "fonts",
    ROOT / "tests" / "vendor",
]
LINE = re.compile(
    r"^\| (?P<file>\S+) \| (?P<package>\S+) \| \S+ \| (?P<licence>\S+) \| \S+ \| `(?P<sha>[0-9a-f]{64})` \|$",
    re.M,
)


def listed(folder: Path) -> dict[str, re.Match[str]]:
    return {line["file"]: line for line in LINE.finditer((folder / "README.md").read_text())}


@pytest.mark.parametrize("folder", FOLDERS, ids=["static", "fonts", "tests"])
def test_every_vendored_file_is_listed_with_its_checksum(folder):
    found = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "README.md"
    }

    assert found == {file: line["sha"] for file, line in listed(folder).items()}


@pytest.mark.parametrize("folder", FOLDERS, ids=["static", "fonts", "tests"])
def test_every_vendored_package_brings_its_licence(folder):
    packages = {line["package"] for line in listed(folder).values()}

    assert {
        line["package"] for file, line in listed(folder).items() if "LICENSE" in file
    } == packages


def test_no_style_of_ours_or_others_loads_from_another_host():
    styles = [*ROOT.glob("*/static/**/*.css")]

    assert styles
    for style in styles:
        assert re.findall(r"url\(\s*[\"']?(?:https?:)?//", style.read_text()) == []
