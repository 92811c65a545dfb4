import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from congress.mailbox import canonical


@pytest.mark.parametrize(
    ("given_address", "stored"),
    [
        ("A.B@BMI.Bund.DE", "a.b@bmi.bund.de"),
        (" a@mölsheim.de ", "a@xn--mlsheim-90a.de"),
        ("a+tag@kiel.de", "a+tag@kiel.de"),
        ("o'brien@kiel.de", "o'brien@kiel.de"),
    ],
)
def test_an_address_has_one_form(given_address, stored):
    assert canonical(given_address) == stored


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@b",
        "a.b@bmi.bund.de.",
        "a@bund.dе",
        "a@evil.com@bmi.bund.de",
        '"a b"@kiel.de',
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "mıke@kiel.de",
        "a@sk.sachsen.de\u200b",
        "a@kiel.de\nBcc: b@kiel.de",
        "a b@kiel.de",
        "a..b@kiel.de",
        "x" * 65 + "@kiel.de",
        "a@-kiel.de",
        "a@kiel..de",
        "a@sächsеn.de",
    ],
)
def test_what_is_no_deliverable_address_is_refused(address):
    with pytest.raises(ValidationError):
        canonical(address)


@given(st.text(max_size=80), st.text(max_size=80))
def test_whatever_comes_out_is_canonical_already(local, host):
    try:
        once = canonical(f"{local}@{host}.de")
    except ValidationError:
        return
    assert canonical(once) == once
    assert once.isascii()
