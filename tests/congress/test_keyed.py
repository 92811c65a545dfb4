"""Forms that are one act however often they are sent, with the key of their page or without."""

import uuid

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict

from congress.keyed import KeyedForm


class Note(KeyedForm):
    text = forms.CharField()
    file = forms.FileField(required=False)


class Other(Note):
    pass


def key_of(data, form=Note, files=None, **more):
    sent = form(QueryDict(data) if isinstance(data, str) else data, files, **more)
    assert sent.is_valid(), sent.errors
    return sent.cleaned_data["form_key"]


def test_the_key_of_the_page_counts():
    key = uuid.uuid4()

    assert key_of({"form_key": str(key), "text": "a"}) == key
    assert Note().initial["form_key"] != Note().initial["form_key"]


@pytest.mark.parametrize(
    "without", ["", "&form_key=", "&form_key=x", "&form_key=%00", "&form_key=1&form_key="]
)
def test_without_a_key_the_same_once_more_is_the_same_form(without):
    assert key_of(f"text=a{without}") == key_of(f"text=a{without}") == key_of("text=a")


def test_without_a_key_what_differs_is_another_form():
    file = SimpleUploadedFile("a.csv", b"x")
    keys = [
        key_of("text=a"),
        key_of("text=b"),
        key_of("text=a&csrfmiddlewaretoken=one"),
        key_of("text=a&csrfmiddlewaretoken=two"),
        key_of("text=a", Other),
        key_of("text=a", files={"file": file}),
        key_of("text=a", about="person-1"),
    ]

    assert len(set(keys)) == len(keys)
