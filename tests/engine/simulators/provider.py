"""One provider for every SDK: the schema says what it takes, the world what there is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from infra.recorder import schema
from infra.recorder.outputs import AWS_PREFIXES, Scene, created, naming_inputs, planned
from infra.recorder.values import UNKNOWN, decoded, encoded, leaves, revealed
from simulators.replacement import ANYWHERE, BY_TYPE
from simulators.world import RefusalError, Thing, World

Properties = dict[str, Any]
ENGINES = ("version", "pluginDownloadURL", "__internal")
"""Inputs of a provider that the engine adds for itself."""

SHARED = ("gcp:projects/service:Service",)
"""Types that several resources may switch on together: the first does it, the others find it done."""

NAMED_ONLY = ("aws:route53/record:Record", "gcp:dns/recordSet:RecordSet")
"""Types that others may name whether they are there or not."""

EVERYWHERE = ("iam", "s3", "route53", "cloudfront")
"""Services of AWS whose names are unique over all regions."""

PREFIXES = frozenset(AWS_PREFIXES.values())


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Serves one instance of a provider."""

    def __init__(self, package: str, version: str, world: World) -> None:
        self.package, self.version, self.world = package, version, world
        self.scene = Scene()
        self.cluster = ""

    def Handshake(  # noqa: N802
        self, request: Any, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:  # noqa: N802
        return plugin_pb2.PluginInfo(version=self.version)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.GetSchemaResponse:  # noqa: N802
        return provider_pb2.GetSchemaResponse(
            schema=json.dumps({"name": self.package, "version": self.version})
        )

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:  # noqa: N802
        given = {key: value for key, value in decoded(request.news).items() if key not in ENGINES}
        return self._checked(schema.PROVIDER + self.package, "provider", request.news, given)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:  # noqa: N802
        changed = sorted(_changed(decoded(request.old_inputs), decoded(request.news)))
        place = {"region", "project", "subscriptionId"}
        return _difference(changed, [key for key in changed if key in place])

    def Configure(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.ConfigureResponse:  # noqa: N802
        given = decoded(request.args)
        self.scene = Scene.of(given)
        self.cluster = str(revealed(given.get("clusterIdentifier", "")))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:  # noqa: N802
        kind, name = _kind_and_name(request.urn)
        inputs = decoded(request.news)
        if schema.described(kind):
            inputs = _named(kind, name, inputs, decoded(request.olds), bytes(request.randomSeed))
        return self._checked(kind, name, encoded(inputs), inputs)

    def _checked(self, kind: str, name: str, news: Any, inputs: Properties) -> provider_pb2.CheckResponse:
        failures = [
            provider_pb2.CheckFailure(property=fault.path, reason=fault.message)
            for fault in schema.faults(name, kind, inputs)
        ]
        return provider_pb2.CheckResponse(inputs=news, failures=failures)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:  # noqa: N802
        kind, _ = _kind_and_name(request.urn)
        changed = sorted(_changed(decoded(request.old_inputs), decoded(request.news)))
        fixed = ANYWHERE | BY_TYPE.get(kind, set()) | set(naming_inputs(_known(kind))[:1])
        return _difference(changed, [key for key in changed if key in fixed])

    def Create(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:  # noqa: N802
        kind, name = _kind_and_name(request.urn)
        inputs = decoded(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=encoded(planned(_known(kind), inputs)))
        with _told(context):
            seed = self.world.call("create", request.urn)
            thing_id, outputs = created(_known(kind), seed, name, inputs, self.scene)
            self._refuse_strangers(kind, inputs)
            place = self._place(kind)
            if kind in SHARED and self.world.get(kind, place, thing_id):
                return provider_pb2.CreateResponse(id=thing_id, properties=encoded(outputs))
            self.world.add(
                Thing(kind, place, thing_id, request.urn, seed, revealed(inputs), revealed(outputs))
            )
        return provider_pb2.CreateResponse(id=thing_id, properties=encoded(outputs))

    def Update(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:  # noqa: N802
        kind, name = _kind_and_name(request.urn)
        inputs = decoded(request.news)
        if request.preview:
            return provider_pb2.UpdateResponse(
                properties=encoded(decoded(request.olds) | planned(_known(kind), inputs))
            )
        with _told(context):
            self.world.call("update", request.urn)
            thing = self._existing(kind, request.id)
            self._refuse_strangers(kind, inputs)
            _, outputs = created(_known(kind), thing.seed, name, inputs, self.scene)
            self.world.change(replace(thing, inputs=revealed(inputs), outputs=revealed(outputs)))
        return provider_pb2.UpdateResponse(properties=encoded(outputs))

    def Read(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:  # noqa: N802
        kind, _ = _kind_and_name(request.urn)
        thing = self.world.get(kind, self._place(kind), request.id)
        if thing is None:
            return provider_pb2.ReadResponse()
        # Secrets are marked in what the engine has; a cloud does not know of the mark.
        known, given = decoded(request.properties), decoded(request.inputs)
        return provider_pb2.ReadResponse(
            id=thing.id,
            properties=encoded(_marked(thing.outputs, known)),
            inputs=encoded(_marked(thing.inputs, given)),
        )

    def Delete(self, request: Any, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802
        kind, _ = _kind_and_name(request.urn)
        with _told(context):
            self.world.call("delete", request.urn)
            if kind in SHARED and not self.world.get(kind, self._place(kind), request.id):
                return empty_pb2.Empty()
            thing = self._existing(kind, request.id)
            self._refuse_in_use(thing)
            self.world.remove(thing)
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:  # noqa: N802
        context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{request.tok}: the program asks no cloud for anything")

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802
        return empty_pb2.Empty()

    def _place(self, kind: str) -> str:
        """What the ids of a type are unique in."""
        if self.package == "aws":
            return "" if kind.split(":")[1].split("/")[0] in EVERYWHERE else self.scene.region
        places = {"gcp": self.scene.project, "kubernetes": self.cluster}
        return places.get(self.package, self.scene.subscription)

    def _existing(self, kind: str, thing_id: str) -> Thing:
        if thing := self.world.get(kind, self._place(kind), thing_id):
            return thing
        raise RefusalError(f"{kind} {thing_id} does not exist")

    def _refuse_in_use(self, thing: Thing) -> None:
        """RefusalError where something that exists refers to it by id, ARN, link or name."""
        handles = {thing.id, *(thing.outputs.get(key) for key in ("arn", "selfLink", "id", "name"))}
        for handle in (one for one in handles if isinstance(one, str)):
            for other, path in self.world.mentions(handle):
                if other.key != thing.key and _refers(path, handle, thing, other):
                    raise RefusalError(f"{thing.type} {thing.id} is in use: {other.type} {other.id}: {path}")

    def _refuse_strangers(self, kind: str, inputs: Mapping[str, Any]) -> None:
        """RefusalError where it refers to a resource of this world that is not there (any more)."""
        refers = {value for _, value in leaves(dict(inputs)) if isinstance(value, str) and _is_handle(value)}
        if missing := [one for one in sorted(refers) if not self.world.has(one)]:
            raise RefusalError(f"{kind} refers to what does not exist: {', '.join(missing)}")


class _told:  # noqa: N801 - reads as a word of the with statement
    """A refusal becomes the error that the engine shows."""

    def __init__(self, context: grpc.ServicerContext) -> None:
        self.context = context

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, RefusalError):
            self.context.abort(grpc.StatusCode.UNKNOWN, str(error))


def _known(kind: str) -> schema.Schema:
    """What the SDK says of a type; nothing of a Kubernetes object that only its own definition describes."""
    if schema.described(kind):
        return schema.schema(kind)
    return schema.Schema(kind, {}, frozenset(), {})


def _kind_and_name(urn: str) -> tuple[str, str]:
    _, _, kinds, name = urn.split("::", 3)
    return kinds.split("$")[-1], name


def _named(kind: str, name: str, inputs: Properties, olds: Properties, seed: bytes) -> Properties:
    """With the name that the provider makes up where none is given; it stays what it was."""
    known = _known(kind)
    keys = [key for key in naming_inputs(known) if key not in known.required]
    if not keys or keys[0] in inputs or f"{keys[0]}Prefix" in inputs or kind.startswith("azure-native:"):
        return inputs
    return {**inputs, keys[0]: olds.get(keys[0]) or f"{name}-{seed.hex()[:7]}"}


def _changed(olds: Properties, news: Properties) -> set[str]:
    old, new = revealed(olds), revealed(news)
    return {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}


def _difference(changed: list[str], replaces: list[str]) -> provider_pb2.DiffResponse:
    some = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(changes=some, diffs=changed, replaces=replaces)


def _marked(values: Properties, marks: Properties) -> Properties:
    return {key: marks[key] if revealed(marks.get(key)) == value else value for key, value in values.items()}


def _is_handle(value: str) -> bool:
    """Whether the text is an id that only this world gives out."""
    prefix, _, rest = value.partition("-0")
    return value != UNKNOWN and prefix in PREFIXES and len(rest) == 16


def _refers(path: str, value: str, thing: Thing, other: Thing) -> bool:
    """Whether a text that is a handle of the thing is meant as one: names are alike by chance, ids are not."""
    if path.startswith(("tags", "labels")) or thing.type in NAMED_ONLY:
        return False
    if _is_handle(value) or value.startswith(("arn:", "projects/", "/subscriptions/", "https://")):
        return True
    if thing.place != other.place and thing.place and other.place:
        return False
    if path in naming_inputs(_known(other.type)):
        return False  # its own name: two accounts each have a policy called `default`
    last = re.sub(r"\[\d+\]", "", path).split(".")[-1].lower()
    return thing.type.split(":")[-1].lower() in last
