"""Settings from the environment."""

from __future__ import annotations

import pytest

from app.settings import SettingsError, settings

COMPLETE = {
    "COSTATE_DATABASE_URL": "postgresql://costate:secret@127.0.0.1:1/costate",
    "COSTATE_REDIS_URL": "redis://:secret@127.0.0.1:2/0",
    "COSTATE_STORAGE_URL": "file:///tmp/objects",
    "COSTATE_CACHE_DIR": "/tmp/cache",  # noqa: S108 - nothing is written there
}


@pytest.fixture(autouse=True)
def fresh() -> None:
    settings.cache_clear()


def test_every_missing_or_bad_variable_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in COMPLETE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COSTATE_PORT", "70000")
    with pytest.raises(SettingsError) as caught:
        settings()
    for name in (*COMPLETE, "COSTATE_PORT"):
        assert name in str(caught.value)


def test_passwords_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    assert "secret@" not in repr(settings())


def test_an_address_of_the_wrong_kind_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COSTATE_DATABASE_URL", "mysql://somebody:secret@host/name")
    with pytest.raises(SettingsError, match="COSTATE_DATABASE_URL") as caught:
        settings()
    assert "postgresql://" in str(caught.value)
    assert "secret" not in str(caught.value)
