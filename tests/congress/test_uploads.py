"""Files that people bring are what they may be, told by their content, and are kept without what cameras add."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from congress import uploads

PDF = b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n%%EOF"
GPS, LATITUDE, ORIENTATION = 0x8825, 2, 0x0112


def picture(kind="PNG", size=(40, 20), **options):
    file = io.BytesIO()
    Image.new("RGB", size, "navy").save(file, kind, **options)
    return file.getvalue()


def photograph():
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # the camera was held upright
    exif.get_ifd(GPS)[LATITUDE] = (51.0, 3.0, 0.0)
    return picture("JPEG", exif=exif)


def brought(content, name="nachweis"):
    return SimpleUploadedFile(name, content, content_type="image/png")


@pytest.mark.parametrize(
    ("content", "kind"), [(PDF, "pdf"), (picture(), "png"), (picture("JPEG"), "jpg")]
)
def test_what_a_file_is_its_content_says(content, kind):
    assert uploads.take(brought(content, "karte.exe")).kind == kind


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><script>alert(1)</script></html>",
        b"GIF89a/*\x01\x00*/=1;alert(1)",
        picture("WEBP"),
        b"\x89PNG\r\n\x1a\n" + 200 * b"\0",
        picture("JPEG")[:100],
        b"\xff\xd8\xff<svg onload=alert(1)>",
    ],
    ids=["empty", "html", "gif", "webp", "no picture", "cut off", "markup"],
)
def test_anything_else_is_refused_with_a_sentence(content):
    with pytest.raises(uploads.NotTaken) as refusal:
        uploads.take(brought(content, "karte.png"))

    assert str(refusal.value.message).endswith(".")


def test_where_a_photograph_was_made_is_not_kept_and_it_stands_upright():
    kept = uploads.take(brought(photograph()))

    with Image.open(io.BytesIO(kept.content)) as image:
        assert not image.getexif()
        assert image.size == (kept.width, kept.height) == (20, 40)


def test_what_stands_behind_the_end_of_a_picture_is_not_kept():
    kept = uploads.take(brought(picture() + b"<script>alert(1)</script>"))

    assert b"script" not in kept.content


def test_too_many_bytes_are_refused_unread():
    file = brought(picture())
    file.size = uploads.MOST_BYTES + 1

    with pytest.raises(uploads.NotTaken, match="10"):
        uploads.take(file)
    assert file.tell() == 0


def test_too_many_pixels_are_refused_before_they_are_unpacked():
    with pytest.raises(uploads.NotTaken, match="Megapixel"):
        uploads.take(brought(picture(size=(5001, 5000))))


def test_only_what_the_page_wants_is_taken():
    with pytest.raises(uploads.NotTaken, match="JPG, PNG"):
        uploads.take(brought(PDF), kinds=uploads.PICTURES)


def test_a_file_is_handed_out_to_be_kept_not_to_be_run():
    response = uploads.to_keep(io.BytesIO(PDF), kind="pdf", name="Auftrag")

    assert response["Content-Disposition"] == 'attachment; filename="Auftrag.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox")
