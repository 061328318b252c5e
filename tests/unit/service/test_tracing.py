"""What goes from process to process of a trace."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.observability import tracing
from app.settings import SettingsError, settings

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_trace_goes_on_where_it_was_told_of() -> None:
    with tracing.span("here", within=tracing.told(PARENT)):
        assert tracing.current() == PARENT
    assert tracing.current() is None


def test_only_a_recorded_trace_has_an_id_to_look_for() -> None:
    assert tracing.trace_id(PARENT) == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert tracing.trace_id(PARENT.removesuffix("01") + "00") is None
    assert tracing.trace_id(None) is None


@given(st.text(max_size=80) | st.from_regex(r"\A0[0-9]-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z"))
def test_whatever_another_build_wrote_into_the_row_does_no_harm(written: str) -> None:
    with tracing.span("job", within=tracing.told(written)):
        found = tracing.current()
    assert found is None or found[3:35] in written
    assert tracing.trace_id(written) in (None, written[3:35])


def test_without_an_endpoint_neither_sdk_nor_exporter_is_loaded() -> None:
    """They cost memory and half a second of every start."""
    asked = (
        "import sys, app.observability.tracing as t; from types import SimpleNamespace as S;"
        "t.configure(S(otlp_endpoint=None), 'api'); t.farewell();"
        "print([m for m in sys.modules if m.startswith(('opentelemetry.sdk', 'opentelemetry.exporter', 'google'))])"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_endpoint_without_a_scheme_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    settings.cache_clear()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318")
    with pytest.raises(
        SettingsError, match=r"\n  OTEL_EXPORTER_OTLP_ENDPOINT: .*must begin with http:// or https://"
    ):
        settings()
