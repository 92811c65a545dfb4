"""PDFs: what a screen reader finds in them, and that no name breaks one."""

import json
from pathlib import Path

import pytest
from pypdf import PdfReader

from congress import pdf
from tests.data.bad_inputs_values import materialise
from tests.pdf import elements, opened

SAMPLE = "tests/congress/sample.typ"


def made(text="Kim Albers", *, language="de", **more) -> PdfReader:
    data = {"title": "Ausweise", "text": text, "qr": pdf.qr("https://x.example/"), "alt": "Zugang"}
    return opened(pdf.make(SAMPLE, data | more, language=language))


def test_a_pdf_says_its_language_and_its_title():
    reader = made(language="en")

    root = reader.trailer["/Root"]
    assert root["/Lang"] == "en"
    assert reader.metadata.title == "Ausweise"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert root["/MarkInfo"]["/Marked"]


def test_a_pdf_calls_itself_accessible():
    assert b"<pdfuaid:part>1</pdfuaid:part>" in made().trailer["/Root"]["/Metadata"].get_data()


def test_a_pdf_has_headings_and_says_what_its_pictures_show():
    found = elements(made(), "/H1", "/Figure")

    assert [element["/S"] for element in found] == ["/H1", "/Figure"]
    assert found[1]["/Alt"] == "Zugang"


def test_a_pdf_brings_its_fonts():
    resources = made().pages[0]["/Resources"]["/Font"]

    names = {font.get_object()["/BaseFont"].partition("+")[2] for font in resources.values()}
    assert names == {"FiraSans-Regular", "FiraSans-SemiBold"}


def test_text_is_data_and_never_markup():
    reader = made('#panic("x") *fett* $1+1$ "\\ ]')

    assert '#panic("x") *fett* $1+1$ "\\ ]' in reader.pages[0].extract_text()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Müller-Weiß", "Müller-Weiß"),
        ("Nguyễn Thị Đặng", "Nguyễn Thị Đặng"),
        ("Ελένη Παπαδοπούλου", "Ελένη Παπαδοπούλου"),
        ("Łukasz Żółć", "Łukasz Żółć"),
        ("李小龙", "…"),
        ("Bruce 李小龙", "Bruce …"),
        ("Kim 😀 Albers", "Kim Albers"),
        ("محمد", "…"),
        ("ﬁne Ａ", "fine A"),
        ("Meyer‑Ochs", "Meyer-Ochs"),
        ("👍", "…"),
        ("", ""),
    ],
)
def test_characters_that_no_font_holds_are_replaced(given, shown):
    assert pdf.printable(given) == shown
    assert pdf.holds(given) == (given == shown)


def test_every_character_we_promise_is_held():
    letters = sorted(pdf._coverage() - {"\n"})

    assert len(letters) > 1400
    assert len(made("".join(letters)).pages) >= 1


def _bad_names() -> list[str]:
    folder = Path(__file__).parents[1] / "data"
    files = sorted(folder.glob("*_bad_inputs.json"))
    entries = [entry for file in files for entry in json.loads(file.read_text())]
    values = [materialise(entry["value"]) for entry in entries]
    return [value for value in values if isinstance(value, str)]


def test_no_text_of_the_bad_inputs_breaks_a_pdf():
    texts = [text[:300] for text in _bad_names()]

    assert len(texts) > 30
    for text in texts:
        text = text.encode("utf-8", "ignore").decode()
        assert len(made(text).pages) >= 1


def test_a_picture_without_a_text_is_refused():
    with pytest.raises(pdf.CannotBePrinted):
        made(alt=None)
