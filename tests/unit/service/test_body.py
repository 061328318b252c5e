"""Bodies are looked at before they are parsed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.body import _depth, _parsed
from app.api.problems import ApiError

documents = st.recursive(
    st.none() | st.booleans() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def depth(document: object) -> int:
    if isinstance(document, dict):
        return 1 + max(map(depth, document.values()), default=0)
    if isinstance(document, list):
        return 1 + max(map(depth, document), default=0)
    return 0


@given(documents)
def test_depth_is_that_of_the_document_whatever_its_texts_hold(document: object) -> None:
    assert _depth(json.dumps(document).encode()) == depth(document)
    assert _depth(json.dumps(document, ensure_ascii=False).encode()) == depth(document)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("piece", [b'\\"', b'"', b"\\", b'"\\', b'"a', b"\\\\"])
def test_two_megabytes_of_quotes_and_escapes_hold_nobody_up(piece: bytes) -> None:
    text = b'"' + piece * (2_000_000 // len(piece))
    assert _depth(text) == 0
    assert _depth(text + b"\\") == 0


def test_a_character_that_cannot_be_stored_is_refused_with_its_place() -> None:
    with pytest.raises(ApiError) as caught:
        _parsed(b'{"a": [{"b": "x\\u0000"}]}')
    assert (caught.value.status, caught.value.errors[0].field) == (422, "a.0.b")
    # An escaped backslash before it makes it plain text.
    assert _parsed(b'{"a": "\\\\u0000"}') == {"a": "\\u0000"}
