"""Whether the process of this container lives, asked from within: what an engine without probes goes by."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from http.client import HTTPConnection, HTTPException

from app.errors import CostateError

PORTS = {"COSTATE_PORT": 8000, "COSTATE_WORKER_PORT": 8001}
"""Where API and worker answer: setting and default. A container runs one of them."""

PATIENCE_S = 4.0


class UnhealthyError(CostateError):
    """Nothing answers here, or what answers says that it is not well."""


def check(environment: Mapping[str, str] = os.environ) -> str:
    """What the process answers; raises UnhealthyError."""
    given = environment.get("COSTATE_HOST", "127.0.0.1")
    host = "127.0.0.1" if given == "0.0.0.0" else given  # noqa: S104 - compared, not bound
    ports = [int(environment.get(name, default)) for name, default in PORTS.items()]
    answers = {port: answer for port in ports if (answer := _asked(host, port)) is not None}
    if not answers:
        raise UnhealthyError(f"neither API nor worker answers on {host}, ports {_listed(ports)}")
    for port, (status, text) in answers.items():
        if status != 200:
            raise UnhealthyError(f"port {port} answers {status}: {text}")
    return "\n".join(text for _, text in answers.values())


def _asked(host: str, port: int) -> tuple[int, str] | None:
    """Status and body of `/health`; None where nobody answers."""
    connection = HTTPConnection(host, port, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


def _listed(ports: Iterable[int]) -> str:
    return " and ".join(map(str, ports))
