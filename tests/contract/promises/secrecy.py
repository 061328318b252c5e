"""No password stands in a program's inputs or in the engine's state, unless encrypted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from estates import Estate

from infra.recorder import Recording
from infra.recorder.values import Secret
from promises.looking import fields, say

NAMED = re.compile(
    r"(?i)(^|[a-z])(password|passwd|secretstring|secretdata|plaintextpayload|accesskey|secretkey|authtoken"
    r"|privatekey|sharedkey|connectionstring|clientsecret)s?(wo)?$"
)
"""Inputs that hold a secret, by name, on any type of the SDKs."""

ASKED_OF_THE_CLOUD = re.compile(r"(?i)^manage|version$|enabled$|rotation$")
"""Inputs of such names that only say how the cloud shall handle one."""


def breaches(estate: Estate, recording: Recording) -> Iterator[str]:
    for resource in recording.resources:
        for path, name, value in fields(dict(resource.inputs)):
            if (
                NAMED.search(name)
                and not ASKED_OF_THE_CLOUD.search(name)
                and (
                    isinstance(value, str)
                    or (isinstance(value, list) and any(isinstance(v, str) for v in value))
                )
                and value
            ):
                yield say(resource, path, "stands in the clear")
    for name, value in (recording.outputs or {}).items():
        if re.search("(?i)kubeconfig|password|token", name) and not isinstance(value, Secret):
            yield f"stack output {name}: is not secret"
