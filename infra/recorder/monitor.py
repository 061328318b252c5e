"""Stands in for the engine: keeps each registration, checks its inputs, and answers as a provider would."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any

import pulumi
from google.protobuf import empty_pb2
from pulumi.runtime import mocks
from pulumi.runtime.proto import resource_pb2

from infra.recorder import schema
from infra.recorder.outputs import Scene, created, planned
from infra.recorder.recording import REFERENCE, STACK, Resource
from infra.recorder.values import UNKNOWN, Secret, decoded, encoded


class _NoMocks(pulumi.runtime.Mocks):
    """The SDK asks for mocks; the monitor answers by itself."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        raise NotImplementedError(args.typ)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise NotImplementedError(args.token)


class Monitor(mocks.MockMonitor):
    """Records; in a preview it answers only what was given, so that all else is unknown to the program."""

    def __init__(self, *, preview: bool, others: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """`others` are the outputs of stacks that this one may refer to, by name."""
        super().__init__(_NoMocks())
        self.preview = preview
        self._others = others or {}
        self.recorded: list[Resource] = []
        self.faults: list[schema.Fault] = []
        self.outputs: dict[str, Any] = {}
        self._lock = threading.Lock()  # registrations come from a pool of threads

    def RegisterResource(  # noqa: N802 - the name of the engine's own method
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        """Keep the registration and answer id and outputs."""
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == STACK:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        inputs = decoded(request.object)
        faults = self._faults(request, urn, inputs)
        resource_id, outputs = "", inputs
        if request.custom:
            # The SDK refuses outputs of a wrong type, and the run would end before all faults are known.
            wrong = {re.split(r"[.\[]", fault.path)[0] for fault in faults}
            right = {key: value for key, value in inputs.items() if key not in wrong}
            resource_id, outputs = self._answered(request, urn, right)
        with self._lock:
            self.faults += faults
            self.recorded.append(_resource(request, urn, resource_id, inputs, outputs))
        return resource_pb2.RegisterResourceResponse(urn=urn, id=resource_id, object=encoded(outputs))

    def RegisterResourceOutputs(  # noqa: N802
        self, request: resource_pb2.RegisterResourceOutputsRequest
    ) -> empty_pb2.Empty:
        """Keep what the stack exports; what components put out is for the engine's display only."""
        if request.urn.split("::")[2] == STACK:
            self.outputs = decoded(request.outputs)
        return empty_pb2.Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802
        """No function may be called: a plan needs neither account nor network."""
        raise RuntimeError(
            f"{request.tok} is called while planning; take the value from a resource or the configuration"
        )

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:  # noqa: N802
        """No resource may be looked up, for a plan needs neither account nor network; but stacks may be."""
        if request.type == REFERENCE:
            return self._referred(request)
        raise RuntimeError(
            f"{request.type} {request.id!r} is read while planning; declare it or pass its facts in"
        )

    def _referred(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:
        """Outputs of another stack: those that are known, else, while previewing, all unknown."""
        name = decoded(request.properties).get("name", request.id)
        if name not in self._others and not self.preview:
            raise LookupError(f"outputs of the stack {name!r} are asked for, and it was not recorded")
        outputs = {"name": name, "outputs": self._others.get(name, UNKNOWN), "secretOutputNames": []}
        return resource_pb2.ReadResourceResponse(
            urn=self.make_urn(request.parent, request.type, request.name), properties=encoded(outputs)
        )

    def _answered(
        self, request: resource_pb2.RegisterResourceRequest, urn: str, inputs: dict[str, Any]
    ) -> tuple[str, dict[str, Any]]:
        """Id and outputs, in a preview without what only a provider knows."""
        unchecked = "" if self.preview else f"{request.name}-id"
        if not schema.described(request.type):
            # A dynamic resource says only of its secrets that it will give them.
            given = {
                key: Secret(UNKNOWN if self.preview else f"{request.name}-{key}")
                for key in request.additionalSecretOutputs
            }
            return unchecked, {**inputs, **given}
        try:
            known = schema.schema(request.type)
        except LookupError:  # told as a fault
            return unchecked, inputs
        if self.preview:
            return "", planned(known, inputs)
        provider = next((found for found in self.recorded if found.urn == _provider(request)), None)
        return created(known, urn, request.name, inputs, Scene.of(provider.inputs if provider else {}))

    def _faults(
        self, request: resource_pb2.RegisterResourceRequest, urn: str, inputs: dict[str, Any]
    ) -> list[schema.Fault]:
        found = schema.faults(request.name, request.type, inputs) if request.custom else []
        if any(resource.urn == urn for resource in self.recorded):
            found.append(schema.Fault(request.name, request.type, "", f"is declared twice: {urn}"))
        return found


def _provider(request: resource_pb2.RegisterResourceRequest) -> str:
    """URN of the explicit provider; the engine's reference is `urn::id`."""
    return "::".join(request.provider.split("::")[:4])


def _resource(
    request: resource_pb2.RegisterResourceRequest,
    urn: str,
    resource_id: str,
    inputs: dict[str, Any],
    outputs: dict[str, Any],
) -> Resource:
    return Resource(
        urn=urn,
        type=request.type,
        name=request.name,
        parent=request.parent,
        custom=request.custom,
        provider=_provider(request),
        dependencies=tuple(sorted(request.dependencies)),
        protect=request.protect,
        inputs=inputs,
        id=resource_id,
        outputs=outputs,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        delete_before_replace=request.deleteBeforeReplace,
        retain_on_delete=request.retainOnDelete,
        aliases=tuple(name for alias in request.aliases if (name := alias.urn or alias.spec.name)),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
    )
