"""What a provider would answer to a creation: ids, names and addresses of the right form, from the schema alone."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any

from pulumi import _types

from infra.recorder.schema import PROVIDER, Schema
from infra.recorder.values import UNKNOWN, Secret, revealed

ACCOUNT = "111122223333"
SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
PROJECT = "a-project"

AWS_PREFIXES = {
    "aws:ec2/vpc:Vpc": "vpc",
    "aws:ec2/subnet:Subnet": "subnet",
    "aws:ec2/securityGroup:SecurityGroup": "sg",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "sgr",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "sgr",
    "aws:ec2/internetGateway:InternetGateway": "igw",
    "aws:ec2/natGateway:NatGateway": "nat",
    "aws:ec2/routeTable:RouteTable": "rtb",
    "aws:ec2/eip:Eip": "eipalloc",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "vpce",
    "aws:ec2/flowLog:FlowLog": "fl",
    "aws:ec2/networkAcl:NetworkAcl": "acl",
    "aws:ec2/launchTemplate:LaunchTemplate": "lt",
}
"""Types whose ids are a prefix and seventeen hexadecimal digits."""

AWS_BY_ARN = (
    "aws:lb/",
    "aws:acm/",
    "aws:secretsmanager/",
    "aws:sns/",
    "aws:iam/policy:",
    "aws:wafv2/",
    "aws:sfn/",
)
"""Types whose id is the ARN."""

NAMES = ("name", "identifier", "clusterIdentifier")
"""Inputs that name a resource, besides those that repeat its kind (`bucket`, `accountId`, `vaultName`)."""

AZURE_PLACES = ("resourceGroupName", "resourceName")
UNTOLD = re.compile(r"(?i)(passwords?|authToken|privateKey|clientSecret|secret(String|Binary))(Wo)?$")
"""Outputs that no provider answers unless it was given them."""

NESTED = 4
"""Levels of objects that are made up; deeper ones are left out."""


@dataclass(frozen=True)
class Scene:
    """Where a resource is, as its provider has been told."""

    region: str = "us-east-1"
    project: str = PROJECT
    subscription: str = SUBSCRIPTION

    @classmethod
    def of(cls, provider: Mapping[str, Any]) -> Scene:
        """From the inputs of a provider."""
        plain = revealed(dict(provider))
        return cls(
            plain.get("region") or plain.get("location") or cls.region,
            plain.get("project") or cls.project,
            plain.get("subscriptionId") or cls.subscription,
        )


def digest(*parts: str, length: int = 17) -> str:
    """Hexadecimal digits that depend on the parts only, so that two recordings agree."""
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:length]


def naming_inputs(known: Schema) -> list[str]:
    """Inputs of the type that name the resource itself, the most telling first."""
    kind = known.typename.split(":")[-1]
    kind = kind[0].lower() + kind[1:]
    found = [key for key in (kind, f"{kind}Name", f"{kind}Id", *NAMES) if key in known.inputs]
    if found or "resourceName" not in known.inputs:
        return found
    # Azure calls by this name the resource itself or, where there is another name, what it belongs to.
    others = [key for key in known.inputs if key.endswith("Name") and key not in AZURE_PLACES]
    return others or ["resourceName"]


def physical_name(known: Schema, urn: str, name: str, inputs: Mapping[str, Any]) -> str:
    """The name in the cloud: as given, else the logical one with Pulumi's suffix."""
    for key in naming_inputs(known):
        given = revealed(inputs.get(key))
        if isinstance(given, str) and given != UNKNOWN:
            return given
    return f"{name}-{digest(urn, length=7)}"


def created(
    known: Schema, urn: str, name: str, inputs: Mapping[str, Any], scene: Scene
) -> tuple[str, dict[str, Any]]:
    """Id and outputs of a resource that has just been made; what was given is kept, the rest made up.

    Outputs that stand in for inputs left out are made up where they are texts (generated names), else left out.
    """
    if known.typename.startswith(PROVIDER):
        return digest(urn, length=36), dict(inputs)
    package = known.typename.split(":")[0]
    maker = _Maker(known, physical_name(known, urn, name, inputs), urn, inputs, scene)
    if known.typename == "azure-native:resources:Deployment":
        return maker.azure_id(), {**inputs, **maker.deployment()}
    resource_id = {"aws": maker.aws_id, "gcp": maker.gcp_id, "azure-native": maker.azure_id}.get(
        package, lambda: maker.name
    )()
    outputs = {key: value for key, value in inputs.items() if not key.startswith("__")}
    for key, expected in known.outputs.items():
        if key in outputs:
            outputs[key] = maker.completed(expected, outputs[key], key, NESTED)
        elif key not in known.inputs or _plain(expected) is str:
            value = maker.made(expected, key, NESTED)
            if value is not None:
                outputs[key] = value
    return resource_id, outputs


def planned(known: Schema, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What a preview knows of a resource to be made: its inputs, with the fields that a provider adds unknown."""
    return {key: _planned(known.outputs.get(key), value) for key, value in inputs.items()}


def _planned(expected: Any, given: Any) -> Any:
    expected = _plain(expected)
    if isinstance(given, Secret):
        return Secret(_planned(expected, given.value))
    if isinstance(given, list) and _is_mapping(expected):
        return UNKNOWN  # ids that Azure answers as the keys of a mapping
    if isinstance(given, list):
        (item,) = typing.get_args(expected) or (Any,)
        return [_planned(item, part) for part in given]
    if isinstance(given, dict) and _is_object(expected):
        fields = _types.output_type_types(expected)
        return {name: _planned(fields[name], given[name]) if name in given else UNKNOWN for name in fields}
    return given


@dataclass(frozen=True)
class _Maker:
    """Makes up values for one resource."""

    known: Schema
    name: str
    urn: str
    inputs: Mapping[str, Any]
    scene: Scene

    @property
    def service(self) -> str:
        return self.known.typename.split(":")[1].split("/")[0]

    @property
    def kind(self) -> str:
        return self.known.typename.split(":")[-1]

    def arn(self, kind: str = "") -> str:
        region = "" if self.service in ("iam", "s3", "cloudfront", "route53") else self.scene.region
        account = "" if self.service == "s3" else ACCOUNT
        separator = "" if self.service in ("s3", "sns", "sqs") else f"{kind or self.kind.lower()}/"
        return f"arn:aws:{self.service}:{region}:{account}:{separator}{self.name}"

    def aws_id(self) -> str:
        if prefix := AWS_PREFIXES.get(self.known.typename):
            return f"{prefix}-0{digest(self.urn, length=16)}"
        if self.known.typename.startswith(AWS_BY_ARN):
            return self.arn()
        if self.known.typename == "aws:kms/key:Key":
            return self.uuid()
        if self.known.typename == "aws:route53/zone:Zone":
            return f"Z{digest(self.urn, length=13).upper()}"
        plain = revealed(dict(self.inputs))
        if self.known.typename == "aws:route53/record:Record":
            return "_".join(
                str(plain[key]) for key in ("zoneId", "name", "type", "setIdentifier") if key in plain
            )
        cluster = plain.get("clusterName") if self.kind != "Cluster" else None
        return f"{cluster}:{self.name}" if cluster else self.name

    def gcp_id(self) -> str:
        plain = revealed(dict(self.inputs))
        place = plain.get("location") or plain.get("region") or "global"
        collection = self.kind[0].lower() + self.kind[1:] + "s"
        if self.known.typename == "gcp:serviceaccount/account:Account":
            return f"projects/{self.scene.project}/serviceAccounts/{self.email()}"
        if self.known.typename == "gcp:dns/recordSet:RecordSet":
            zone = f"projects/{self.scene.project}/managedZones/{plain['managedZone']}"
            return f"{zone}/rrsets/{plain['name']}/{plain['type']}"
        if self.known.typename in ("gcp:storage/bucket:Bucket", "gcp:dns/managedZone:ManagedZone"):
            return self.name
        if self.known.typename == "gcp:kms/cryptoKey:CryptoKey":
            return f"{plain['keyRing']}/{collection}/{self.name}"
        if self.service == "compute":
            place = "global" if place == "global" else f"regions/{place}"
            place = f"zones/{plain['zone']}" if "zone" in plain else place
            return f"projects/{self.scene.project}/{place}/{collection}/{self.name}"
        above = [
            str(plain[key]).rsplit("/", 1)[-1]
            for key in ("managedZone", "cluster", "instance")
            if key in plain
        ]
        own = [self.name, str(plain["type"])] if self.kind == "RecordSet" else [self.name]
        return "/".join([f"projects/{self.scene.project}/locations/{place}", *above, collection, *own])

    def azure_id(self) -> str:
        plain = revealed(dict(self.inputs))
        group = plain.get("resourceGroupName", self.name)
        base = f"/subscriptions/{self.scene.subscription}/resourceGroups/{group}"
        if self.kind == "ResourceGroup":
            return base
        own = {*naming_inputs(self.known)[:1], "resourceGroupName"}
        above = [plain[key] for key in self.known.required if key.endswith("Name") and key not in own]
        path = "".join(f"/{key}" for key in sorted(map(str, above)))
        kind = self.kind[0].lower() + self.kind[1:] + "s"
        return f"{base}/providers/Microsoft.{self.service.capitalize()}{path}/{kind}/{self.name}"

    def deployment(self) -> dict[str, Any]:
        """A deployment of Azure's with every output of its template: ours ask for kubeconfigs only."""
        given = revealed(self.inputs["properties"])
        cluster = {
            "server": f"https://{self.host()}:443",
            "certificate-authority-data": _certificate(self.urn),
        }
        text = json.dumps({"clusters": [{"name": self.name, "cluster": cluster}]})
        output = {"type": "String", "value": base64.b64encode(text.encode()).decode()}
        outputs = dict.fromkeys(given.get("template", {}).get("outputs", {}), output)
        return {"name": self.name, "properties": {**given, "outputs": outputs}}

    def uuid(self, *parts: str) -> str:
        text = digest(self.urn, *parts, length=32)
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:32]}"

    def email(self) -> str:
        if self.known.typename == "gcp:projects/serviceIdentity:ServiceIdentity":
            service = revealed(self.inputs["service"]).removesuffix(".googleapis.com")
            return f"service-{ACCOUNT}@gcp-sa-{service}.iam.gserviceaccount.com"
        return f"{self.name}@{self.scene.project}.iam.gserviceaccount.com"

    def host(self) -> str:
        suffix = {"aws": f"{self.scene.region}.amazonaws.com", "gcp": "googleapis.com"}
        cloud = suffix.get(self.known.typename.split(":")[0], "azure.com")
        return f"{self.name}.{digest(self.urn, length=8)}.{self.service}.{cloud}"

    def ip(self) -> str:
        """An address of the range kept for documentation (RFC 5737)."""
        return f"203.0.113.{int(digest(self.urn, length=4), 16) % 254 + 1}"

    def completed(self, expected: Any, given: Any, key: str, levels: int) -> Any:
        """What was given, with the fields of its objects that a provider adds."""
        if isinstance(given, Secret):
            return Secret(self.completed(expected, given.value, key, levels))
        expected = _plain(expected)
        if isinstance(given, list) and _is_mapping(expected):
            value = typing.get_args(expected)[1]
            return {str(revealed(part)): self.made(value, key, levels - 1) for part in given}
        if isinstance(given, list):
            (item,) = typing.get_args(expected) or (Any,)
            return [self.completed(item, part, key, levels) for part in given]
        if isinstance(given, dict) and _is_object(expected):
            made = self.made(expected, key, levels) or {}
            fields = _types.output_type_types(expected)
            return made | {
                name: self.completed(fields.get(name, Any), part, name, levels - 1)
                for name, part in given.items()
            }
        return given

    def made(self, expected: Any, key: str, levels: int) -> Any:
        """A value of the type for the property `key`; None where none need be."""
        expected = _plain(expected)
        origin = typing.get_origin(expected)
        if UNTOLD.search(key):
            return None
        if expected is str:
            return self.text(key)
        if expected in (int, float):
            return 443 if key.lower().endswith("port") else 1
        if expected is bool:
            return False
        if origin in (list, Sequence):
            item = self.made(typing.get_args(expected)[0], re.sub(r"s$", "", key), levels)
            return [] if item is None else [item]
        if origin in (dict, Mapping):
            return {}
        if _is_object(expected) and levels:
            fields = _types.output_type_types(expected)
            made = {name: self.made(field, name, levels - 1) for name, field in fields.items()}
            return {name: value for name, value in made.items() if value is not None}
        return None

    def text(self, key: str) -> str:
        """A text of the form that the property's name promises."""
        for pattern, make in _TEXTS:
            if re.search(pattern, key):
                return make(self, key)
        return f"{self.name}-{re.sub(r'(?<!^)(?=[A-Z])', '-', key).lower()}"


_TEXTS: tuple[tuple[str, typing.Callable[[_Maker, str], str]], ...] = (
    (r"^arn$|Arn$", lambda maker, key: maker.arn("" if key == "arn" else key.removesuffix("Arn").lower())),
    (r"^(name|bucket|identifier|clusterIdentifier)$", lambda maker, key: maker.name),
    (r"^(ownerId|accountId|registryId)$", lambda maker, key: ACCOUNT),
    (r"^uniqueId$|^numericId$|^number$", lambda maker, key: str(int(digest(maker.urn, length=15), 16))),
    (r"^(principalId|clientId|tenantId|objectId)$", lambda maker, key: maker.uuid(key)),
    (r"^email$", lambda maker, key: maker.email()),
    (r"^member$", lambda maker, key: f"serviceAccount:{maker.email()}"),
    (r"^selfLink", lambda maker, key: f"https://www.googleapis.com/compute/v1/{maker.gcp_id()}"),
    (r"(?i)certificate(authority)?(data)?$|^data$", lambda maker, key: _certificate(maker.urn)),
    (r"(?i)issuer(url)?$|(url|uri)(WithVersion)?$", lambda maker, key: f"https://{maker.host()}/{key}"),
    (
        r"^address$",
        lambda maker, key: maker.ip() if maker.known.typename.startswith("gcp:compute/") else maker.host(),
    ),
    (r"(?i)endpoint$|host|dns_?name|fqdn|domain|address$(?<!ipAddress)", lambda maker, key: maker.host()),
    (r"(?i)(ip|ipaddress|ip4)$", lambda maker, key: maker.ip()),
    (r"(?i)zoneid$", lambda maker, key: f"Z{digest(maker.urn, key, length=13).upper()}"),
    (r"^region$|^location$", lambda maker, key: maker.scene.region),
    (r"^project$", lambda maker, key: maker.scene.project),
    (r"(?i)cidr", lambda maker, key: "10.0.0.0/16"),
    (
        r"^id$",
        lambda maker, key: maker.azure_id() if maker.known.typename.startswith("azure") else maker.aws_id(),
    ),
)


def _certificate(seed: str) -> str:
    body = base64.b64encode(digest(seed, length=48).encode()).decode()
    return base64.b64encode(
        f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n".encode()
    ).decode()


def _plain(expected: Any) -> Any:
    """The type without Optional and Output; of several the first."""
    while typing.get_origin(expected) in (typing.Union, UnionType):
        expected = next(part for part in typing.get_args(expected) if part is not NoneType)
    return expected


def _is_mapping(expected: Any) -> bool:
    return typing.get_origin(expected) in (dict, Mapping)


def _is_object(expected: Any) -> bool:
    return isinstance(expected, type) and _types.is_output_type(expected)
