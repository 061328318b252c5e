"""Each service account can do what it must and nothing else, as the server itself answers."""

from __future__ import annotations

import pytest
from api import Api, RefusedError
from installation import NAMESPACE, Installation
from plane import Address

Ask = tuple[str, str, str]
"""Verb, group and resource; a resource may have a part, as in `pods/exec`."""

ASKED: tuple[Ask, ...] = (
    ("get", "", "secrets"),
    ("list", "", "secrets"),
    ("get", "", "configmaps"),
    ("list", "", "pods"),
    ("create", "", "pods"),
    ("delete", "", "pods"),
    ("create", "", "pods/exec"),
    ("create", "", "pods/eviction"),
    ("create", "", "serviceaccounts/token"),
    ("get", "apps", "deployments"),
    ("patch", "apps", "deployments"),
    ("update", "apps", "deployments/scale"),
    ("create", "batch", "jobs"),
    ("create", "rbac.authorization.k8s.io", "rolebindings"),
    ("escalate", "rbac.authorization.k8s.io", "roles"),
    ("list", "", "nodes"),
    ("list", "", "namespaces"),
    ("impersonate", "", "serviceaccounts"),
    ("*", "*", "*"),
)

MAY: dict[str, frozenset[Ask]] = {
    "api": frozenset(),
    "backup": frozenset(),
    "default": frozenset(),
    "migrations": frozenset(),
    "worker": frozenset(),
}
"""What each account of the product must be able to do. None talks to the cluster: each acts in the cloud alone."""

ABOUT_ONESELF = {"selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"}
"""What everyone with a token may ask: who they are, and what they may."""


def test_every_account_of_the_product_has_a_row(api: Api, product: Installation) -> None:
    found = {one["metadata"]["name"] for one in api.list("v1", "ServiceAccount", NAMESPACE)}
    assert found == MAY.keys()
    assert set(product.names("ServiceAccount")) == MAY.keys() - {"default"}


@pytest.mark.usefixtures("product")
@pytest.mark.parametrize("account", sorted(MAY))
def test_an_account_may_do_what_its_row_says_and_nothing_else(api: Api, account: str) -> None:
    assert {ask for ask in ASKED if allowed(api, account, ask, NAMESPACE)} == MAY[account]
    assert not [ask for ask in ASKED if allowed(api, account, ask, "kube-system")]


@pytest.mark.usefixtures("product")
@pytest.mark.parametrize("account", sorted(MAY))
def test_an_account_has_no_rules_beyond_its_row(api: Api, address: Address, account: str) -> None:
    known = ABOUT_ONESELF | {resource for _, _, resource in MAY[account]}
    with address.api(token(api, account)) as own:
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "metadata": {},
            "spec": {"namespace": NAMESPACE},
        }
        status = own.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", json=review)[
            "status"
        ]
        assert not status["incomplete"]
        for rule in status["resourceRules"]:
            assert set(rule["resources"]) <= known, rule
        for rule in status["nonResourceRules"]:
            assert rule["verbs"] == ["get"], rule
        with pytest.raises(RefusedError) as caught:
            own.list("v1", "Secret", NAMESPACE)
        assert caught.value.code == 403


def test_no_pod_carries_a_token_of_its_account(api: Api, product: Installation) -> None:
    found = api.list("v1", "Pod", NAMESPACE)
    assert found
    for pod in found:
        sources = [
            one for volume in pod["spec"]["volumes"] for one in volume.get("projected", {}).get("sources", [])
        ]
        assert not [one for one in sources if "serviceAccountToken" in one], pod["metadata"]["name"]


def test_whoever_has_no_name_is_told_nothing(address: Address) -> None:
    with address.api("no-such-token") as nobody:
        assert nobody.raw("GET", f"/api/v1/namespaces/{NAMESPACE}/pods").status_code == 401


def token(api: Api, account: str) -> str:
    """A token of a service account, as a pod would be given."""
    path = f"{api.path('v1', 'ServiceAccount', account, NAMESPACE)}/token"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "metadata": {}, "spec": {}}
    return str(api.ask("POST", path, json=body)["status"]["token"])


def allowed(api: Api, account: str, ask: Ask, namespace: str) -> bool:
    """What the server would answer to the account."""
    verb, group, whole = ask
    resource, _, part = whole.partition("/")
    attributes = {
        "namespace": namespace,
        "verb": verb,
        "group": group,
        "resource": resource,
        **({"subresource": part} if part else {}),
    }
    user = f"system:serviceaccount:{NAMESPACE}:{account}"
    groups = ["system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}", "system:authenticated"]
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "metadata": {},
        "spec": {"user": user, "groups": groups, "resourceAttributes": attributes},
    }
    answer = api.ask("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", json=body)
    return bool(answer["status"]["allowed"])
