"""Bodies are looked at before they are parsed."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from app.api.body import _depth

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
