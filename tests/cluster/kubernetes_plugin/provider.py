"""The provider's service: checks, compares, applies, waits, deletes."""

from __future__ import annotations

import copy
import json
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from api import Api, Object, RefusedError
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from infra.recorder.values import decoded, encoded, revealed
from kubernetes_plugin.difference import differences, fixed

MANAGER = "pulumi-kubernetes"
RELEASE = "kubernetes:helm.sh/v3:Release"
READY_S = 120.0
EVERY_S = 0.2


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One instance: one cluster."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._kubeconfig: Object = {}

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:  # noqa: N802
        return plugin_pb2.PluginInfo(version=self._version)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.GetSchemaResponse:  # noqa: N802
        return provider_pb2.GetSchemaResponse(
            schema=json.dumps({"name": "kubernetes", "version": self._version})
        )

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:  # noqa: N802
        """Another identifier is another cluster; a renewed address or token is not."""
        old, new = revealed(decoded(request.old_inputs)), revealed(decoded(request.news))
        changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
        return _response(changed, [key for key in changed if key == "clusterIdentifier"])

    def Configure(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.ConfigureResponse:  # noqa: N802
        given = revealed(decoded(request.args)).get("kubeconfig", "")
        try:
            path = given.startswith(("/", "~"))
            self._kubeconfig = json.loads(Path(given).expanduser().read_text() if path else given)
        except json.JSONDecodeError:
            self._kubeconfig = {}  # not known yet, in a preview
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:  # noqa: N802
        inputs = decoded(request.news)
        if not _is_release(request.urn):
            meta = inputs.setdefault("metadata", {})
            if "name" not in meta:
                made = f"{request.urn.rsplit('::', 1)[-1]}-{bytes(request.randomSeed).hex()[:7]}"
                meta["name"] = decoded(request.olds).get("metadata", {}).get("name") or made
        return provider_pb2.CheckResponse(inputs=encoded(inputs))

    def Diff(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:  # noqa: N802
        old, new = revealed(decoded(request.old_inputs)), revealed(decoded(request.news))
        changed = list(differences(old, new))
        return _response(changed, [path for path in changed if fixed(str(new.get("kind")), path)])

    def Create(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:  # noqa: N802
        inputs = decoded(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=encoded(inputs))
        with self._connected(context) as api:
            if _is_release(request.urn):
                _namespace(api, inputs["namespace"])
                made = inputs
                name = f"{inputs['namespace']}/{inputs['name']}"
            else:
                made = _applied(api, revealed(inputs), [])
                name = _id(made)
        return provider_pb2.CreateResponse(id=name, properties=encoded(made))

    def Update(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:  # noqa: N802
        inputs = decoded(request.news)
        if request.preview or _is_release(request.urn):
            return provider_pb2.UpdateResponse(properties=encoded(inputs))
        with self._connected(context) as api:
            made = _applied(api, revealed(inputs), list(request.ignoreChanges))
        return provider_pb2.UpdateResponse(properties=encoded(made))

    def Read(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:  # noqa: N802
        if _is_release(request.urn):
            return provider_pb2.ReadResponse(
                id=request.id, properties=request.properties, inputs=request.inputs
            )
        with self._connected(context) as api:
            found = _live(api, revealed(decoded(request.inputs)))
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(id=request.id, properties=encoded(found), inputs=request.inputs)

    def Delete(self, request: Any, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802
        if not _is_release(request.urn):
            given = revealed(decoded(request.old_inputs)) or revealed(decoded(request.properties))
            with self._connected(context) as api:
                meta = given["metadata"]
                api.delete(given["apiVersion"], given["kind"], meta["name"], meta.get("namespace"))
                _wait(lambda: _live(api, given) is None, f"{given['kind']} {meta['name']} is gone")
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802
        return empty_pb2.Empty()

    @contextmanager
    def _connected(self, context: grpc.ServicerContext) -> Iterator[Api]:
        """A client; what the server refuses becomes the error that the engine shows."""
        cluster = self._kubeconfig["clusters"][0]["cluster"]
        token = self._kubeconfig["users"][0]["user"]["token"]
        try:
            with Api(cluster["server"], cluster["certificate-authority"], token) as api:
                yield api
        except (RefusedError, TimeoutError, KeyError, ssl.SSLError, OSError) as error:
            context.abort(grpc.StatusCode.UNKNOWN, f"{type(error).__name__}: {error}")


def _response(changed: list[str], replaces: list[str]) -> provider_pb2.DiffResponse:
    kinds = provider_pb2.PropertyDiff
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
        diffs=sorted({path.split(".")[0] for path in changed}),
        replaces=sorted({path.split(".")[0] for path in replaces}),
        hasDetailedDiff=True,
        detailedDiff={
            path: kinds(kind=kinds.UPDATE_REPLACE if path in replaces else kinds.UPDATE, inputDiff=True)
            for path in changed
        },
        # A name that was given cannot be had twice.
        deleteBeforeReplace=bool(replaces) and "metadata.name" not in replaces,
    )


def _is_release(urn: str) -> bool:
    return urn.split("::")[2].split("$")[-1] == RELEASE


def _id(made: Object) -> str:
    meta = made["metadata"]
    return "/".join(part for part in (meta.get("namespace"), meta["name"]) if part)


def _namespace(api: Api, name: str) -> None:
    api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, manager="helm")


def _live(api: Api, given: Object) -> Object | None:
    meta = given["metadata"]
    return api.find(given["apiVersion"], given["kind"], meta["name"], meta.get("namespace"))


def _applied(api: Api, given: Object, ignored: list[str]) -> Object:
    """Apply and wait until what was asked for is there."""
    wanted = copy.deepcopy(given)
    if ignored and (found := _live(api, given)):
        for path in ignored:
            _keep(found, wanted, path.split("."))
    api.apply(wanted, manager=MANAGER)
    meta = wanted["metadata"]
    _wait(lambda: _done(_live(api, wanted)), f"{wanted['kind']} {meta['name']} is ready")
    return _live(api, wanted) or wanted


def _keep(found: Object, wanted: Object, path: list[str]) -> None:
    """What is ignored stays as it is on the server: an autoscaler, say, has set it meanwhile."""
    for part in path[:-1]:
        found, wanted = found.get(part, {}), wanted.get(part, {})
    if path[-1] in found:
        wanted[path[-1]] = found[path[-1]]


def _done(found: Object | None) -> bool:
    """Whether the rollout or the job is over; TimeoutError where it has failed."""
    if found is None:
        return False
    status, kind = found.get("status", {}), found["kind"]
    conditions = {one["type"]: one for one in status.get("conditions", [])}
    if kind == "Deployment":
        if conditions.get("Progressing", {}).get("reason") == "ProgressDeadlineExceeded":
            raise TimeoutError(
                f"Deployment {found['metadata']['name']}: {conditions['Progressing']['message']}"
            )
        wanted = found["spec"]["replicas"]
        counts = [status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")]
        return status.get("observedGeneration") == found["metadata"]["generation"] and counts == [wanted] * 3
    if kind == "StatefulSet":
        newest = status.get("currentRevision") == status.get("updateRevision")
        return newest and status.get("readyReplicas", 0) == found["spec"]["replicas"]
    if kind == "Job":
        if "Failed" in conditions:
            raise TimeoutError(
                f"Job {found['metadata']['name']} has failed: {conditions['Failed'].get('message')}"
            )
        return "Complete" in conditions
    return True


def _wait(ask: Any, what: str) -> None:
    deadline = time.monotonic() + READY_S
    while not ask():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {READY_S:.0f} s: {what}")
        time.sleep(EVERY_S)
