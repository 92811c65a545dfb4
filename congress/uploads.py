"""Files that people bring to be looked at: pictures and PDFs, told by what is in them (tables: `congress.tables`).

The name that a browser sends is never used: not for the file on disk, not for its type.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image, ImageOps

from congress.errors import Refused

MOST_BYTES = 10_000_000
MOST_PIXELS = 25_000_000  # Pillow itself would only warn at four times as many
PDF, JPEG, PNG = "pdf", "jpg", "png"
MEDIA_TYPES = {PDF: "application/pdf", JPEG: "image/jpeg", PNG: "image/png"}
PICTURES = frozenset({JPEG, PNG})
_BEGINNINGS = ((b"%PDF-", PDF), (b"\xff\xd8\xff", JPEG), (b"\x89PNG\r\n\x1a\n", PNG))
_NAMES_IN_PILLOW = {JPEG: "JPEG", PNG: "PNG"}
_QUALITY = 92


class NotTaken(Refused):
    """The sentence says what would be taken."""

    message = gettext_lazy("This file cannot be read. Please choose another one.")
    code = "file_not_taken"


@dataclass(frozen=True)
class Brought:
    """What is kept of a file: its content without what cameras add, and what it is. Width and height in pixels."""

    content: bytes
    kind: str
    width: int | None = None
    height: int | None = None

    @property
    def is_picture(self) -> bool:
        return self.kind in PICTURES


def take(
    file: UploadedFile[bytes],
    *,
    kinds: frozenset[str] = frozenset(MEDIA_TYPES),
    most_bytes: int = MOST_BYTES,
    most_pixels: int = MOST_PIXELS,
) -> Brought:
    """The file, if it is what it may be. Raises `NotTaken`."""
    if (file.size or 0) > most_bytes:
        raise NotTaken(
            _("The file is too large: at most %(number)s megabytes.")
            % {"number": most_bytes // 1_000_000}
        )
    content = file.read()
    kind = next((kind for begins, kind in _BEGINNINGS if content.startswith(begins)), "")
    if kind not in kinds:
        names = ", ".join(sorted(kind.upper() for kind in kinds))
        raise NotTaken(_("This file is none of: %(kinds)s.") % {"kinds": names})
    if kind == PDF:
        return Brought(content, PDF)
    return _picture(content, kind, most_pixels)


def _picture(content: bytes, kind: str, most_pixels: int) -> Brought:
    """Written anew: where and with what a photograph was made goes no further, nor what hides behind its end."""
    try:
        with (
            warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning),
            Image.open(io.BytesIO(content), formats=[_NAMES_IN_PILLOW[kind]]) as image,
        ):
            if image.width * image.height > most_pixels:
                raise NotTaken(
                    _("The picture is too large: at most %(number)s megapixels.")
                    % {"number": most_pixels // 1_000_000}
                )
            upright = ImageOps.exif_transpose(image)
            written = io.BytesIO()
            upright.save(written, _NAMES_IN_PILLOW[kind], **_how_to_save(upright, kind))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NotTaken from error
    return Brought(written.getvalue(), kind, upright.width, upright.height)


def _how_to_save(image: Image.Image, kind: str) -> dict[str, Any]:
    # Colours are part of the picture, all the rest of what a file says about itself is not.
    profile = image.info.get("icc_profile")
    if kind == PNG:
        return {"icc_profile": profile, "exif": b"", "optimize": False}
    return {"icc_profile": profile, "exif": b"", "quality": _QUALITY}


def smaller(content: bytes, *, width: int) -> bytes:
    """The picture as a JPEG of at most so many pixels across, to be shown on pages."""
    with Image.open(io.BytesIO(content)) as image:
        shown = image.convert("RGBA" if image.has_transparency_data else "RGB")
        shown.thumbnail((width, 2 * width))
        if shown.mode == "RGBA":
            paper = Image.new("RGB", shown.size, "white")
            paper.paste(shown, mask=shown.getchannel("A"))
            shown = paper
        written = io.BytesIO()
        shown.save(written, "JPEG", quality=80)
        return written.getvalue()


def to_keep(file: Any, *, kind: str, name: str) -> FileResponse:
    """A stored file as an attachment that no browser runs or guesses at, whatever is in it."""
    response = FileResponse(
        file, as_attachment=True, filename=f"{name}.{kind}", content_type=MEDIA_TYPES[kind]
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
