"""The engine built from Go modules, for machines that reach package registries but no release server.

Two modules, because no module serves both parts: the command comes from `pkg/v3`, the language host from an
older `sdk/v3` that still holds it; the two scripts beside them are files of a newer `sdk/v3`.
"""

from __future__ import annotations

from pathlib import Path

from infra import gotools
from infra.engine.errors import EngineError
from infra.gotools import Files, Module, Tool, ToolError

VERSION = "3.259.0"
MODULES = Path(__file__).parent / "modules"
SDK = "github.com/pulumi/pulumi/sdk/v3"
FLAGS = f"-X {SDK}/go/common/version.Version=v{VERSION}"

ENGINE = Tool(
    name="the Pulumi engine",
    version=VERSION,
    modules=(
        Module(
            MODULES / "host",
            {"pulumi-language-python": f"{SDK}/python/cmd/pulumi-language-python"},
            "half a minute",
            FLAGS,
        ),
        Module(
            MODULES / "cli",
            {"pulumi": "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"},
            "3 to 6 minutes",
            FLAGS,
        ),
    ),
    files=(
        Files(
            f"{SDK}@v3.260.0",
            {
                "python/cmd/pulumi-language-python-exec": "bin/pulumi-language-python-exec",
                "python/dist/pulumi-resource-pulumi-python": "bin/pulumi-resource-pulumi-python",
            },
        ),
    ),
)


def build(target: Path) -> None:
    """Build into `target/bin`; it appears whole or not at all. Raises EngineError."""
    try:
        gotools.build(ENGINE, target)
    except ToolError as error:
        raise EngineError(str(error)) from error
