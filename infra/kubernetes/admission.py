"""What the API server refuses in the product's namespaces, whoever asks: validating policies in CEL.

Pod Security keeps containers confined; these keep what it knows nothing of. They hold for pods and for whatever
makes pods, so that a fault is told where it was made and not by pods that never come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_kubernetes import admissionregistration, meta

from infra.kubernetes.pod import GPU

MAKERS: Mapping[str, tuple[str, ...]] = {
    "": ("pods", "pods/ephemeralcontainers"),
    "apps": ("deployments", "statefulsets", "daemonsets"),
    "argoproj.io": ("rollouts",),
    "batch": ("jobs", "cronjobs"),
}
"""Resources that are pods or make them, by group."""

POD_VARIABLES = {
    # Of any kind: what is no such field is no fault of the type.
    "pod": (
        "object.kind == 'Pod' ? dyn(object).spec : object.kind == 'CronJob' ?"
        " dyn(object).spec.jobTemplate.spec.template.spec : dyn(object).spec.template.spec"
    ),
    "containers": (
        "variables.pod.containers"
        " + (has(variables.pod.initContainers) ? variables.pod.initContainers : [])"
        " + (has(variables.pod.ephemeralContainers) ? variables.pod.ephemeralContainers : [])"
    ),
}


@dataclass(frozen=True)
class Rule:
    """One policy: `expressions` must all hold; each with what is said where it does not."""

    name: str
    expressions: Mapping[str, str]
    """Message by expression."""
    resources: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MAKERS)
    variables: Mapping[str, str] = field(default_factory=lambda: POD_VARIABLES)


def each(condition: str) -> str:
    """An expression that holds when the condition does for every container `c`."""
    return f"variables.containers.all(c, {condition})"


RULES: tuple[Rule, ...] = (
    Rule(
        "images",
        {
            each(
                "c.image.matches('@sha256:[0-9a-f]{64}$')"
                " || (c.image.matches('(^|/)[^/:@]+:[A-Za-z0-9_][A-Za-z0-9_.-]*$') && !c.image.endsWith(':latest'))"
            ): "an image is named by its digest or an exact version, never by :latest or by nothing",
        },
    ),
    Rule(
        "confinement",
        {
            each(
                "has(c.securityContext) && has(c.securityContext.readOnlyRootFilesystem)"
                " && c.securityContext.readOnlyRootFilesystem"
            ): "a container's root file system is read-only",
            each(
                "!has(c.securityContext) || !has(c.securityContext.privileged) || !c.securityContext.privileged"
            ): "no container is privileged",
        },
    ),
    Rule(
        "limits",
        {
            each(
                "has(c.resources) && has(c.resources.requests) && 'cpu' in c.resources.requests"
                " && 'memory' in c.resources.requests"
            ): "a container requests cpu and memory",
            each(
                "has(c.resources) && has(c.resources.limits) && 'memory' in c.resources.limits"
            ): "a container's memory is limited",
        },
    ),
    Rule(
        "accelerators",
        {
            "!variables.tolerates || variables.wants": (
                f"only what asks for {GPU} tolerates the taint of GPU nodes: they are dear"
            ),
        },
        variables={
            **POD_VARIABLES,
            "wants": (
                "variables.containers.exists(c, has(c.resources) && has(c.resources.limits)"
                f" && '{GPU}' in c.resources.limits)"
            ),
            # A toleration without a key tolerates every taint, and with it this one.
            "tolerates": (
                "has(variables.pod.tolerations) && variables.pod.tolerations.exists(t,"
                f" !has(t.key) || t.key == '' || t.key == '{GPU}')"
            ),
        },
    ),
    Rule(
        "hosts",
        {
            "!has(variables.pod.volumes) || variables.pod.volumes.all(v, !has(v.hostPath))": (
                "no folder of a node is mounted"
            ),
            " && ".join(
                f"(!has(variables.pod.{one}) || !variables.pod.{one})"
                for one in ("hostNetwork", "hostPID", "hostIPC")
            ): "no pod shares a node's network, processes or memory",
        },
    ),
    Rule(
        "gateways",
        {
            "variables.listeners.all(l, l.protocol in ['HTTPS', 'TLS'] ? has(l.tls) : l.protocol == 'HTTP')": (
                "a listener speaks TLS, or plain HTTP that is redirected"
            ),
            "variables.listeners.exists(l, l.protocol in ['HTTPS', 'TLS'])": "a gateway has a listener with TLS",
        },
        resources={"gateway.networking.k8s.io": ("gateways",)},
        variables={"listeners": "dyn(object).spec.listeners"},
    ),
    Rule(
        "routes",
        {
            "!variables.plain || variables.rules.all(r, !has(r.backendRefs) && has(r.filters) &&"
            " r.filters.exists(f, f.type == 'RequestRedirect' && f.requestRedirect.scheme == 'https'))": (
                "a route of the plain HTTP listener does nothing but redirect to https"
            ),
        },
        resources={"gateway.networking.k8s.io": ("httproutes",)},
        variables={
            "rules": "has(dyn(object).spec.rules) ? dyn(object).spec.rules : []",
            # A route that names no listener is one of all of them.
            "plain": (
                "!has(dyn(object).spec.parentRefs) || dyn(object).spec.parentRefs.exists(p,"
                " !has(p.sectionName) || p.sectionName == 'http')"
            ),
        },
    ),
)


class Admission(pulumi.ComponentResource):
    """Each rule as a policy, bound to namespaces by name: a label could be taken off, a name cannot."""

    def __init__(self, name: str, *, namespaces: Sequence[str], opts: pulumi.ResourceOptions) -> None:
        super().__init__("costate:kubernetes:Admission", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        for rule in RULES:
            policy = self._policy(f"{name}-{rule.name}", rule)
            admissionregistration.v1.ValidatingAdmissionPolicyBinding(
                f"{name}-{rule.name}",
                metadata=meta.v1.ObjectMetaArgs(name=f"costate-{rule.name}"),
                spec=admissionregistration.v1.ValidatingAdmissionPolicyBindingSpecArgs(
                    policy_name=policy.metadata.name,
                    validation_actions=["Deny", "Audit"],
                    match_resources=admissionregistration.v1.MatchResourcesArgs(
                        namespace_selector=meta.v1.LabelSelectorArgs(
                            match_expressions=[
                                meta.v1.LabelSelectorRequirementArgs(
                                    key="kubernetes.io/metadata.name", operator="In", values=list(namespaces)
                                )
                            ]
                        )
                    ),
                ),
                opts=self._child,
            )
        self.register_outputs({})

    def _policy(self, name: str, rule: Rule) -> admissionregistration.v1.ValidatingAdmissionPolicy:
        return admissionregistration.v1.ValidatingAdmissionPolicy(
            name,
            metadata=meta.v1.ObjectMetaArgs(name=f"costate-{rule.name}"),
            spec=admissionregistration.v1.ValidatingAdmissionPolicySpecArgs(
                # What cannot be judged is not let in.
                failure_policy="Fail",
                match_constraints=admissionregistration.v1.MatchResourcesArgs(
                    resource_rules=[
                        admissionregistration.v1.NamedRuleWithOperationsArgs(
                            api_groups=[group],
                            api_versions=["*"],
                            operations=["CREATE", "UPDATE"],
                            resources=list(resources),
                        )
                        for group, resources in rule.resources.items()
                    ]
                ),
                variables=[
                    admissionregistration.v1.VariableArgs(name=key, expression=expression)
                    for key, expression in rule.variables.items()
                ],
                validations=[
                    admissionregistration.v1.ValidationArgs(
                        expression=expression, message=message, reason="Forbidden"
                    )
                    for expression, message in rule.expressions.items()
                ],
            ),
            opts=self._child,
        )
