"""The type of a leaf of a pytree: a NumPy array on the host, a JAX array inside a program."""

from __future__ import annotations

from typing import Any, TypeAlias

Leaf: TypeAlias = Any
