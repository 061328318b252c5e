from __future__ import annotations

import gzip
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from containers.product import CONFINED, EVERYWHERE, TEMPORARY, Product

pytestmark = [pytest.mark.timeout(3000), pytest.mark.xdist_group("image")]

LARGEST_ON_DISK_MB, LARGEST_PULLED_MB = 450, 165
"""What the product's own layers may weigh on a node, and as a registry keeps them (MB are 10^6 bytes)."""

CNOT = {
    "kind": "schroedinger",
    "dimensions": [2, 2],
    "H0": "pi/4*sz1*sz2",
    "controls": [
        {"name": name, "operator": operator, "lower": -5, "upper": 5}
        for name, operator in (("u1", "sx1"), ("u2", "sy1"), ("u3", "sx2"), ("u4", "sy2"))
    ],
    "target": {"gate": "cnot"},
    "tf": 4,
    "slices": 40,
}
EFFORT_AND_SPEED = [{"name": "effort", "running": "u^2"}, {"name": "speed", "running": "v^2"}]
REQUESTS: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("collocation", {"template": "van_der_pol"}, {}),
    ("collocation", {"template": "waypoint_two_phase"}, {}),
    ("pmp", {"template": "double_integrator"}, {}),
    ("magnus", {"matrices": CNOT}, {}),
    (
        "multi_objective",
        {"template": "double_integrator", "objectives": EFFORT_AND_SPEED},
        {"points": 5, "mesh_intervals": 16},
    ),
    ("multi_objective", {"template": "zdt1"}, {"population": 40, "generations": 500}),
)
"""Together they run whatever of the packages a solver uses, also what it imports late."""

SOLVE = """
import json, sys
from app.client import Client
with Client("http://127.0.0.1:8000") as client:
    job_id = client.solve(*json.loads(sys.argv[1]))["job_id"]
    job = client.wait(job_id, limit_s=600.0)
print(job["outcome"], job["error"])
"""
STORES = """
from app.storage import open_store
for url in ("s3://bucket/results", "gs://bucket/results", "az://account/results", "file:///tmp/results"):
    print(type(open_store(url)).__name__)
"""


def test_api_and_worker_are_healthy_by_the_images_own_check(product: Product) -> None:
    assert '"status":"healthy"' in product.inside(product.api, "costate", "health")
    assert '"status": "healthy"' in product.inside(product.worker, "costate", "health")


def test_a_problem_is_solved_inside(product: Product) -> None:
    assert "Solved brachistochrone: 1.801603" in product.inside(product.api, "costate", "check-sample")


@pytest.mark.parametrize("request_body", REQUESTS, ids=lambda one: f"{one[0]}-{next(iter(one[1]))}")
def test_every_solver_has_what_it_needs(product: Product, request_body: tuple[Any, ...]) -> None:
    said = product.inside(product.api, "python", "-c", SOLVE, json.dumps(request_body))
    assert said.strip() == "converged None"


def test_every_object_store_can_be_opened(product: Product) -> None:
    said = product.inside(product.api, "env", "AZURE_STORAGE_ACCOUNT_NAME=a", "python", "-c", STORES)
    assert said.split() == ["S3Store", "GCSStore", "AzureStore", "LocalStore"]


def test_a_container_without_a_process_that_answers_is_unhealthy(product: Product) -> None:
    lonely = product.engine.ask("run", "--rm", "--network", "none", *CONFINED, product.image, "health")
    assert lonely.returncode == 1
    assert "neither API nor worker answers" in lonely.stderr


@pytest.mark.parametrize("process", ["api", "worker"])
def test_a_process_is_appuser_and_can_do_nothing_special(product: Product, process: str) -> None:
    container = getattr(product, process)
    status = product.inside(container, "cat", "/proc/1/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["Uid"].split() == ["1000"] * 4
    assert fields["Gid"].split() == ["1000"] * 4
    assert all(int(fields[name], 16) == 0 for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"))
    assert fields["NoNewPrivs"] == "1"
    assert product.inside(container, "id", "-un") == "appuser"


@pytest.mark.parametrize("process", ["api", "worker"])
def test_nothing_can_be_written_outside_its_volumes(product: Product, process: str) -> None:
    writable = product.inside(getattr(product, process), "python", "-c", EVERYWHERE).split()
    volumes = (TEMPORARY, "/var/cache/costate", "/var/lib/costate/objects")
    assert [path for path in writable if not path.startswith(volumes)] == []
    assert set(volumes) <= set(writable)


def test_programs_are_compiled_when_the_image_is_built(product: Product) -> None:
    """A read-only root keeps nothing that Python compiles: it would do so again at every start."""
    loaded = (
        "import sys, os, app.api.server, app.jobs.worker, app.solvers.run; print(*(m.__name__ for m in "
        "list(sys.modules.values()) if (c := getattr(m, '__cached__', None)) and not os.path.exists(c)))"
    )
    assert product.inside(product.api, "python", "-c", loaded) == ""


def test_the_image_holds_what_runs_and_nothing_else(product: Product) -> None:
    names = product.inside(product.api, "ls", "/opt/costate/lib/python3.11/site-packages").split()
    assert "app" in names
    assert not {"infra", "tests", "pip", "pytest", "pulumi", "uv"} & set(names)


def test_own_layers_are_small(product: Product, tmp_path: Path) -> None:
    engine, archive = product.engine, tmp_path / "image.tar"
    known = json.loads(engine.run("image", "inspect", product.base))[0]["RootFS"]["Layers"]
    engine.run("save", "--output", str(archive), product.image)
    pulled = on_disk = 0
    with tarfile.open(archive) as saved:
        [manifest] = json.load(saved.extractfile("manifest.json"))  # type: ignore[arg-type]
        for layer in manifest["Layers"][len(known) :]:
            data = saved.extractfile(layer).read()  # type: ignore[union-attr]
            on_disk += len(data)
            pulled += len(gzip.compress(data, 6))
    sizes = f"own layers: {pulled / 1e6:.0f} MB pulled, {on_disk / 1e6:.0f} MB on disk"
    print(sizes)  # noqa: T201 - the measurement itself
    assert pulled <= LARGEST_PULLED_MB * 1e6, sizes
    assert on_disk <= LARGEST_ON_DISK_MB * 1e6, sizes
