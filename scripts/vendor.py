"""Fetch the front-end files we ship, unmodified, and write down what they are. For developers; needs npm.

A fresh machine needs none of this: the files are committed. Run `python scripts/vendor.py` after
changing a version below, look at the difference, commit both.
"""

import hashlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "congress" / "static" / "vendor"
TESTS = ROOT / "tests" / "vendor"


@dataclass(frozen=True)
class Package:
    """One npm package at one version, and which of its files go where."""

    name: str
    version: str
    licence: str
    source: str
    into: Path
    files: dict[str, str]  # path in the package → path below `into`


PACKAGES = [
    Package(
        name="@kern-ux/native",
        version="2.7.2",
        licence="EUPL-1.2",
        source="https://gitlab.opencode.de/kern-ux/kern-ux-plain",
        into=STATIC,
        files={"dist/kern.min.css": "kern.min.css", "LICENSE.md": "kern-LICENSE.md"},
    ),
    Package(
        name="@fontsource/fira-sans",
        version="5.3.0",
        licence="OFL-1.1",
        source="https://github.com/mozilla/Fira",
        into=STATIC,
        files={
            f"files/fira-sans-{subset}-{weight}-normal.woff2": f"fira-sans/fira-sans-{subset}-{weight}.woff2"
            for weight in (400, 500, 600)
            for subset in ("latin", "latin-ext")
        }
        | {"LICENSE": "fira-sans/LICENSE"},
    ),
    Package(
        name="hls.js",
        version="1.7.4",
        licence="Apache-2.0",
        source="https://github.com/video-dev/hls.js",
        into=STATIC,
        files={
            "dist/hls.min.js": "hls.min.js",
            "dist/hls.worker.js": "hls.worker.js",
            "LICENSE": "hls-LICENSE",
        },
    ),
    Package(
        name="axe-core",
        version="4.14.1",
        licence="MPL-2.0",
        source="https://github.com/dequelabs/axe-core",
        into=TESTS,
        files={"axe.min.js": "axe.min.js", "LICENSE": "axe-LICENSE"},
    ),
]

HEAD = """# {title}

{purpose} Unmodified; fetched and listed by `scripts/vendor.py`, checked by `tests/congress/test_vendor.py`.

| file | package | version | licence | source | sha256 |
|---|---|---|---|---|---|
"""
TITLES = {
    STATIC: (
        "Files of others that the pages load",
        "No page loads anything from another host.",
    ),
    TESTS: ("Files of others that the tests load", "Not part of what is installed."),
}


def fetch(package: Package, workplace: Path) -> None:
    """Download one package and copy the files we ship."""
    packed = subprocess.run(
        ["npm", "pack", "--silent", f"{package.name}@{package.version}"],
        cwd=workplace,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()[-1]
    unpacked = workplace / packed.removesuffix(".tgz")
    shutil.unpack_archive(workplace / packed, unpacked)
    for source, target in package.files.items():
        destination = package.into / target
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(unpacked / "package" / source, destination)


def write_list(folder: Path) -> None:
    """Write README.md of a vendor folder: one line for each file."""
    title, purpose = TITLES[folder]
    lines = [
        f"| {target} | {package.name} | {package.version} | {package.licence} | {package.source} | "
        f"`{hashlib.sha256((folder / target).read_bytes()).hexdigest()}` |"
        for package in PACKAGES
        if package.into == folder
        for target in sorted(package.files.values())
    ]
    text = HEAD.format(title=title, purpose=purpose) + "\n".join(lines) + "\n"
    (folder / "README.md").write_text(text, encoding="utf-8")


def main() -> None:
    with tempfile.TemporaryDirectory() as workplace:
        for package in PACKAGES:
            fetch(package, Path(workplace))
            print(f"{package.name} {package.version}")
    for folder in (STATIC, TESTS):
        write_list(folder)


if __name__ == "__main__":
    main()
