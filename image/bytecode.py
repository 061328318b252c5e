"""Import what the product imports, so that Python keeps it compiled: at run time its root is read-only.

The packages that it stands on are compiled already (`compile.py`); that nothing of them is missing shows here.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

import app

ALEMBIC = "app.jobs.migrations.env"
"""Runs a migration when it is imported."""

FIRST_USED_LATE = (
    "botocore.session",
    "botocore.signers",
    "celery.app.amqp",
    "celery.apps.worker",
    "celery.bin.worker",
    "celery.concurrency.thread",
    "httptools",
    "kombu.transport.redis",
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.sdk.trace.export",
    "sqlalchemy.dialects.postgresql.psycopg",
    "uvloop",
)
"""Imported by name while the product runs."""


def main() -> None:
    """Import everything once: Python keeps what it compiles."""
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if module.name != ALEMBIC:
            importlib.import_module(module.name)
    for name in FIRST_USED_LATE:
        importlib.import_module(name)
    compiled = [module for module in sys.modules.values() if getattr(module, "__cached__", None)]
    print(f"{len(compiled)} modules are compiled")  # noqa: T201 - told in the log of the build


if __name__ == "__main__":
    main()
