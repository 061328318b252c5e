"""Names within each cloud's limits: pure; what does not fit is a fault of the configuration, never cut off."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

AUTO_SUFFIX = 8
"""Characters that Pulumi adds to a logical name (`-` and seven hexadecimal digits)."""


@dataclass(frozen=True)
class Rule:
    """What a kind of resource may be called."""

    longest: int
    pattern: str = r"[a-z][a-z0-9-]*[a-z0-9]"
    shortest: int = 1
    compact: bool = False
    """Whether the limit is so tight that a name is made of the letters and digits that fit and a digest."""


RULES: dict[str, Rule] = {
    "aws:cluster": Rule(100),
    "aws:bucket": Rule(63, shortest=3),
    "aws:database": Rule(63),
    "aws:cache": Rule(40),
    "aws:role": Rule(64),
    "aws:load-balancer": Rule(32, compact=True),
    "gcp:cluster": Rule(40),
    "gcp:bucket": Rule(63, shortest=3),
    "gcp:database": Rule(80),
    "gcp:cache": Rule(63),
    "gcp:service-account": Rule(30, shortest=6, compact=True),
    "gcp:network": Rule(63),
    "azure:cluster": Rule(63),
    "azure:database": Rule(63, shortest=3),
    "azure:cache": Rule(60),
    "azure:resource-group": Rule(90),
    "azure:storage-account": Rule(24, pattern=r"[a-z0-9]+", shortest=3, compact=True),
    "azure:registry": Rule(50, pattern=r"[a-z0-9]+", shortest=5, compact=True),
    "azure:key-vault": Rule(24, shortest=3, compact=True),
    "azure:backup-vault": Rule(50, shortest=2),
    "azure:front-door-endpoint": Rule(46, shortest=2, compact=True),
    "azure:waf-policy": Rule(128, pattern=r"[a-z][a-z0-9]*", compact=True),
}
"""Limits by cloud and kind, from the clouds' documentation of resource names."""


def fault(kind: str, name: str, suffix: int = 0) -> str | None:
    """Why a name cannot be a resource's of this kind with room for `suffix` characters; None where it can."""
    rule = RULES[kind]
    if not rule.shortest <= len(name) <= rule.longest - suffix:
        return (
            f"{name!r} has {len(name)} characters; the name of a {kind} has {rule.shortest} to "
            f"{rule.longest - suffix}"
        )
    return None if re.fullmatch(rule.pattern, name) else f"{name!r} does not fit the pattern {rule.pattern}"


def named(kind: str, *parts: str, suffix: int = 0) -> str:
    """The parts as one name of this kind with room for `suffix` characters; ValueError where it is too long.

    Compact kinds get the letters and digits that fit and six digits of a digest, so that no two differ
    only in what was left out.
    """
    rule, text = RULES[kind], "-".join(part for part in parts if part)
    if rule.compact:
        plain, digest = re.sub(r"[^a-z0-9]", "", text), hashlib.sha256(text.encode()).hexdigest()[:6]
        text = plain[: rule.longest - suffix - len(digest)] + digest
    if why := fault(kind, text, suffix):
        raise ValueError(why)
    return text
