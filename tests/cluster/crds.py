"""Definitions of the custom resources that the product makes: their projects' own (`tools/definitions.py`)."""

from __future__ import annotations

import yaml
from api import Api, Object
from live import eventually
from tools.definitions import DEFINITIONS

from infra.gotools import folder


def define(api: Api) -> None:
    """Create all definitions and wait until their resources are served."""
    found = definitions()
    for one in found:
        api.create(one)
    for one in found:
        eventually(
            lambda one=one: established(api, one), seconds=60, what=f"{one['metadata']['name']} is served"
        )


def definitions() -> list[Object]:
    """As they are in the files, but for what lies beside them there."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # pure Python takes a minute for these files
    documents = [
        document
        for file in sorted(folder(DEFINITIONS).glob("*.yaml"))
        for document in yaml.load_all(file.read_text(), loader)
    ]
    return [one for one in documents if one and one["kind"] == "CustomResourceDefinition"]


def established(api: Api, definition: Object) -> bool:
    """Whether the newest version, in which objects are stored, is served."""
    spec = definition["spec"]
    [stored] = [one["name"] for one in spec["versions"] if one["storage"]]
    return api.raw("GET", f"/apis/{spec['group']}/{stored}/{spec['names']['plural']}").status_code == 200
