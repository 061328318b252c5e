"""Names of time zones as Azure's schedules write them: Windows' own."""

from __future__ import annotations

from tzlocal.windows_tz import tz_win

from infra.errors import ConfigError, ConfigFault


def windows_name(name: str) -> str:
    """Windows' name of an IANA time zone; ConfigError where there is none."""
    try:
        return tz_win[name]
    except KeyError:
        fault = ConfigFault(
            "costate:shutdown.timezone", "is unknown to Azure", name, "an IANA name such as Europe/Berlin"
        )
        raise ConfigError([fault]) from None
