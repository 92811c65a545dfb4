"""Make the fonts of our PDFs: Fira Sans as the web gets it in parts, put together again as one TTF for each weight.

For developers; needs npm, and fontTools and brotli in whichever Python runs it. A fresh machine needs none of this: the
files are committed. The outlines are unchanged; what is new is the container (OFL-1.1, no reserved font name).
"""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from fontTools.merge import Merger
from fontTools.ttLib import TTFont

FOLDER = Path(__file__).resolve().parent.parent / "congress" / "fonts"
NAME, VERSION, SOURCE = "@fontsource/fira-sans", "5.3.0", "https://github.com/mozilla/Fira"
WEIGHTS = (400, 600)
PARTS = ("latin", "latin-ext", "vietnamese", "cyrillic", "cyrillic-ext", "greek", "greek-ext")

HEAD = """# Fonts of the PDFs

Put together by `scripts/fonts.py` from the parts the web gets (woff2 → TTF, outlines unchanged), checked by
`tests/congress/test_vendor.py`. `coverage.txt` says which characters they hold; `congress.pdf` replaces all others.

| file | package | version | licence | source | sha256 |
|---|---|---|---|---|---|
"""


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    held: set[int] | None = None
    with tempfile.TemporaryDirectory() as place:
        unpacked = fetch(Path(place))
        shutil.copyfile(unpacked / "LICENSE", FOLDER / "LICENSE")
        for weight in WEIGHTS:
            font = put_together(unpacked, Path(place), weight)
            font.save(FOLDER / f"fira-sans-{weight}.ttf")
            characters = set(font.getBestCmap())
            held = characters if held is None else held & characters
    lines = [f"{first:04X}-{last:04X}" for first, last in ranges(held or set())]
    (FOLDER / "coverage.txt").write_text("\n".join(lines) + "\n", encoding="ascii")
    write_list()


def fetch(place: Path) -> Path:
    packed = subprocess.run(
        ["npm", "pack", "--silent", f"{NAME}@{VERSION}"],
        cwd=place,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()[-1]
    shutil.unpack_archive(place / packed, place)
    return place / "package"


def put_together(unpacked: Path, place: Path, weight: int) -> TTFont:
    parts = []
    for part in PARTS:
        font = TTFont(unpacked / "files" / f"fira-sans-{part}-{weight}-normal.woff2")
        font.flavor = None
        parts.append(str(place / f"{part}-{weight}.ttf"))
        font.save(parts[-1])
    return Merger().merge(parts)


def ranges(characters: set[int]) -> list[list[int]]:
    found: list[list[int]] = []
    for character in sorted(characters):
        if found and found[-1][1] == character - 1:
            found[-1][1] = character
        else:
            found.append([character, character])
    return found


def write_list() -> None:
    lines = [
        f"| {file.name} | {NAME} | {VERSION} | OFL-1.1 | {SOURCE} | "
        f"`{hashlib.sha256(file.read_bytes()).hexdigest()}` |"
        for file in sorted(FOLDER.iterdir())
        if file.name != "README.md"
    ]
    (FOLDER / "README.md").write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
