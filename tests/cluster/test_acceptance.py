"""Every object of every environment, as the real API server sees it: known, valid, admitted, not deprecated."""

from __future__ import annotations

import copy

import pytest
from api import Api, Object, RefusedError
from estates import Estate
from installation import Installation, spaces
from live import eventually
from manifests import EVERY, OPTIONS, of, of_option, pod, pod_templates

STAND_IN = "tls: failed to find any PEM data in certificate input"
"""The recorder answers no real certificate where a provider would make one."""

BUILT_IN = (".authorization.k8s.io", "admissionregistration.k8s.io", "scheduling.k8s.io", ".storage.k8s.io")

ESTATES = pytest.mark.parametrize(
    "estate",
    [pytest.param(one, id=str(one), marks=pytest.mark.xdist_group(one.cloud)) for one in EVERY],
)


@ESTATES
@pytest.mark.usefixtures("product")
def test_every_object_is_accepted_without_a_warning(api: Api, namespace: str, estate: Estate) -> None:
    objects = of(estate)
    assert len(objects) > 30
    spaces(api, objects)
    for one in objects:
        if one["kind"] == "Namespace":
            api.apply(one)  # what is tried without effect needs the place where it would be
    for one in objects:
        # The quota that is in force is the installed product's, and services count there.
        accepted = api.apply(moved(one, namespace) if one["kind"] == "Service" else one, dry=True)
        assert accepted["metadata"]["name"] == one["metadata"]["name"]
    assert set(api.warnings) <= {STAND_IN}


@pytest.mark.usefixtures("product")
@pytest.mark.parametrize("option", [pytest.param(one, marks=pytest.mark.xdist_group(one)) for one in OPTIONS])
def test_custom_resources_of_what_is_optional_are_known_to_their_definitions(api: Api, option: str) -> None:
    objects = of_option(option)
    kinds = custom(objects) - custom(of(EVERY[0]))
    assert kinds
    spaces(api, objects)
    for one in objects:
        if one["kind"] == "Namespace":
            api.apply(one)  # what is tried without effect needs the place where it would be
    for one in objects:
        if one["kind"] in kinds:
            api.apply(one, dry=True)
            with pytest.raises(RefusedError, match="mispelt"):
                api.apply({**one, "spec": {**one["spec"], "mispelt": True}}, dry=True)
    assert api.warnings == []


@ESTATES
@pytest.mark.usefixtures("product")
def test_every_pod_template_is_admitted_as_a_pod_in_a_restricted_namespace(
    api: Api, namespace: str, estate: Estate
) -> None:
    objects = of(estate)
    for one in objects:
        if one["kind"] == "ServiceAccount":
            api.apply(moved(one, namespace))
        if one["kind"] == "PriorityClass":
            api.apply(one)
    templates = pod_templates(objects)
    assert {"Deployment/api", "Deployment/worker"} <= templates.keys()
    for name, template in templates.items():
        admitted = api.create(pod(name, template, namespace), dry=True)
        assert admitted["spec"]["containers"]
    assert api.warnings == []


def test_the_namespace_of_the_product_is_restricted(api: Api, product: Installation) -> None:
    template = copy.deepcopy(product.manifest("Deployment", "api")["spec"]["template"])
    del template["spec"]["securityContext"]["runAsNonRoot"]
    del template["spec"]["containers"][0]["securityContext"]["runAsNonRoot"]
    with pytest.raises(RefusedError, match='violates PodSecurity "restricted'):
        api.create(pod("may-be-root", template, "costate"), dry=True)


def test_the_quota_of_the_product_ends_its_growth(api: Api, product: Installation) -> None:
    hard = product.manifest("ResourceQuota", "all")["spec"]["hard"]
    eventually(
        lambda: api.get("v1", "ResourceQuota", "all", "costate").get("status", {}).get("hard"),
        seconds=30,
        what="the quota is counted",
    )
    template = copy.deepcopy(product.manifest("Deployment", "api")["spec"]["template"])
    resources = template["spec"]["containers"][0]["resources"]
    for words in resources.values():
        words["cpu"] = str(int(hard["requests.cpu"]) + 1)
    with pytest.raises(RefusedError, match="exceeded quota: all"):
        api.create(pod("too-large", template, "costate"), dry=True)


@pytest.mark.usefixtures("product")
def test_a_misspelt_field_is_refused_in_every_kind(api: Api) -> None:
    kinds = set()
    for one in of(EVERY[0]):
        if "spec" in one:
            one["spec"]["mispelt"] = True
            with pytest.raises(RefusedError, match=r"mispelt"):
                api.apply(one, dry=True)
            kinds.add(one["kind"])
    assert {"Deployment", "Gateway", "ScaledObject", "Certificate"} <= kinds


def custom(objects: list[Object]) -> set[str]:
    """Kinds that Kubernetes itself does not have."""
    groups = {one["kind"]: one["apiVersion"].rpartition("/")[0] for one in objects}
    return {kind for kind, group in groups.items() if "." in group and not group.endswith(BUILT_IN)}


def moved(one: Object, namespace: str) -> Object:
    """The same object in another namespace."""
    return {**one, "metadata": {**one["metadata"], "namespace": namespace}}
