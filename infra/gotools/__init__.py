"""Programs built from Go modules and cached once a machine, for machines that reach registries but no releases.

To add one: a folder with a wrapper `go.mod` (`tool` and `require` lines written by hand: `go get -tool` probes
paths that a registry may refuse) and the `go.sum` that `go mod tidy` makes in it, both checked in; then

    PROMTOOL = Tool(
        name="prometheus",
        version="3.15.0",
        modules=(Module(FOLDER, {"promtool": "github.com/prometheus/prometheus/cmd/promtool"}, "2 minutes"),),
    )
    promtool = programs(PROMTOOL) / "promtool"  # built at the first call, found at every other

The Pulumi engine is such a tool (`infra/engine/build.py`); those that only tests need are in `tests/tools`.
"""

from infra.gotools.cache import folder, programs
from infra.gotools.compile import build
from infra.gotools.errors import NoGoError, ToolError
from infra.gotools.tool import Files, Module, Tool

__all__ = ["Files", "Module", "NoGoError", "Tool", "ToolError", "build", "folder", "programs"]
