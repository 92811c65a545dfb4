"""What stands in a PDF, for tests."""

import io
from typing import Any

from pypdf import PdfReader


def opened(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def text_of(content: bytes) -> str:
    """All pages; what stands on several lines reads as one."""
    return " ".join(" ".join(page.extract_text().split()) for page in opened(content).pages)


def structure(reader: PdfReader) -> list[Any]:
    """The elements of the structure tree."""
    found, waiting = [], [reader.trailer["/Root"]["/StructTreeRoot"]]
    while waiting:
        element = waiting.pop(0).get_object()
        if not isinstance(element, dict):
            continue
        found.append(element)
        children = element.get("/K", [])
        children = children.get_object() if hasattr(children, "get_object") else children
        waiting += children if isinstance(children, list) else [children]
    return found


def elements(reader: PdfReader, *kinds: str) -> list[Any]:
    return [element for element in structure(reader) if element.get("/S") in kinds]
