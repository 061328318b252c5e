"""A client of the Kubernetes API that says what the server said: no retries, no defaults of its own."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import httpx

Object = dict[str, Any]
MANAGER = "costate-tests"


class RefusedError(Exception):
    """The server refused a request; `code` is its status and `reason` its word for it."""

    def __init__(self, response: httpx.Response) -> None:
        self.code = response.status_code
        try:
            body = response.json()
        except json.JSONDecodeError:
            body = {}
        self.reason = str(body.get("reason", ""))
        self.message = str(body.get("message", response.text))
        super().__init__(f"{self.code} {self.reason}: {self.message}")


class Kind(NamedTuple):
    """Where objects of a kind are."""

    path: str
    """Of the group and version, such as `/apis/apps/v1`."""
    plural: str
    namespaced: bool


class Api:
    """One user's connection to one API server."""

    def __init__(self, url: str, authority: str, token: str) -> None:
        self.warnings: list[str] = []
        """What the server warned of, such as a deprecated version or a pod that a standard would refuse."""
        self._http = httpx.Client(
            base_url=url,
            verify=ssl.create_default_context(cafile=authority),
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
            trust_env=False,
        )
        self._kinds: dict[tuple[str, str], Kind] = {}

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def raw(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request as it is; keeps the server's warnings."""
        response = self._http.request(method, path, **options)
        self.warnings += [
            text.split(" ", 2)[2].strip('"') for text in response.headers.get_list("Warning") if text
        ]
        return response

    def ask(self, method: str, path: str, **options: Any) -> Object:
        """The answer's body. Raises RefusedError."""
        response = self.raw(method, path, **options)
        if response.is_error:
            raise RefusedError(response)
        return dict(response.json())

    def kind(self, version: str, kind: str) -> Kind:
        """Where a kind is served; KeyError where it is not."""
        if (version, kind) not in self._kinds:
            path = f"/api/{version}" if "/" not in version else f"/apis/{version}"
            response = self.raw("GET", path)
            if response.status_code == 404:
                raise KeyError(f"{version} is not served")
            for found in response.json()["resources"]:
                if "/" not in found["name"]:
                    self._kinds[version, found["kind"]] = Kind(path, found["name"], found["namespaced"])
        return self._kinds[version, kind]

    def path(self, version: str, kind: str, name: str | None = None, namespace: str | None = None) -> str:
        """Of one object, or of all."""
        where = self.kind(version, kind)
        parts = [where.path]
        if where.namespaced and namespace:
            parts += ["namespaces", namespace]
        parts.append(where.plural)
        return "/".join([*parts, name] if name else parts)

    def at(self, given: Mapping[str, Any]) -> str:
        """Path of an object."""
        meta = given["metadata"]
        space = meta.get("namespace", "default")
        return self.path(given["apiVersion"], given["kind"], meta["name"], space)

    def apply(
        self, given: Object, *, dry: bool = False, force: bool = True, manager: str = MANAGER
    ) -> Object:
        """Server-side apply; unknown and repeated fields are refused."""
        query = {"fieldManager": manager, "fieldValidation": "Strict", "force": str(force).lower()}
        if dry:
            query["dryRun"] = "All"
        headers = {"Content-Type": "application/apply-patch+yaml"}
        return self.ask("PATCH", self.at(given), params=query, headers=headers, content=json.dumps(given))

    def create(self, given: Object, *, dry: bool = False) -> Object:
        """POST; a name may be left to the server."""
        meta = given["metadata"]
        query = {"fieldValidation": "Strict", **({"dryRun": "All"} if dry else {})}
        space = meta.get("namespace", "default")
        path = self.path(given["apiVersion"], given["kind"], namespace=space)
        return self.ask("POST", path, params=query, json=given)

    def get(self, version: str, kind: str, name: str, namespace: str | None = None) -> Object:
        """One object. Raises RefusedError."""
        return self.ask("GET", self.path(version, kind, name, namespace))

    def find(self, version: str, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """One object, or None where it is not."""
        try:
            return self.get(version, kind, name, namespace)
        except RefusedError as error:
            if error.code == 404:
                return None
            raise

    def list(
        self,
        version: str,
        kind: str,
        namespace: str | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        fields: str | None = None,
    ) -> list[Object]:
        """Objects of a kind, in all namespaces where none is named."""
        query = {}
        if labels:
            query["labelSelector"] = ",".join(f"{key}={value}" for key, value in labels.items())
        if fields:
            query["fieldSelector"] = fields
        return list(self.ask("GET", self.path(version, kind, namespace=namespace), params=query)["items"])

    def merge(self, path: str, change: Mapping[str, Any]) -> Object:
        """Change an object, or a part of one, at a path."""
        headers = {"Content-Type": "application/merge-patch+json"}
        return self.ask("PATCH", path, headers=headers, content=json.dumps(change))

    def delete(self, version: str, kind: str, name: str, namespace: str | None = None) -> None:
        """Delete one object with all it owns; that it is already gone is no error."""
        options = {"propagationPolicy": "Background"}
        path = self.path(version, kind, name, namespace)
        try:
            self.ask("DELETE", path, params=options)
        except RefusedError as error:
            if error.code != 404:
                raise

    def evict(self, pod: Mapping[str, Any]) -> None:
        """Ask that a pod leaves its node; 429 (RefusedError) where a disruption budget forbids it now."""
        meta = {key: pod["metadata"][key] for key in ("name", "namespace")}
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": meta}
        self.ask("POST", f"{self.path('v1', 'Pod', meta['name'], meta['namespace'])}/eviction", json=body)

    def stream(self, path: str, version: str, stop: threading.Event) -> Iterator[Object]:
        """Events of all objects of a kind after a version, until `stop` is set."""
        query = {"watch": "true", "resourceVersion": version, "allowWatchBookmarks": "true"}
        # The wait for the next event is short, so that `stop` is seen.
        while not stop.is_set():
            try:
                with self._http.stream(
                    "GET", path, params=query, timeout=httpx.Timeout(60, read=0.5)
                ) as lines:
                    for line in lines.iter_lines():
                        event = json.loads(line)
                        query["resourceVersion"] = event["object"]["metadata"]["resourceVersion"]
                        if event["type"] != "BOOKMARK":
                            yield event
            except httpx.ReadTimeout:
                continue

    def served(self) -> list[tuple[str, str]]:
        """Version and kind of all that has a namespace and can be listed."""
        groups = [
            f"/apis/{one['preferredVersion']['groupVersion']}" for one in self.ask("GET", "/apis")["groups"]
        ]
        return [
            (found["groupVersion"], one["kind"])
            for found in (self.ask("GET", path) for path in ("/api/v1", *groups))
            for one in found["resources"]
            if one["namespaced"] and "list" in one["verbs"]
        ]

    @cached_property
    def version(self) -> str:
        """Of the server."""
        return str(self.ask("GET", "/version")["gitVersion"])
