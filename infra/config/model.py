"""What the models of the configuration share: their base, and types of single values."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$")]
Port = Annotated[int, Field(ge=1024, le=65535)]
UrlPath = Annotated[str, Field(pattern=r"^/[A-Za-z0-9._~/-]{0,200}$")]
PATH_OR_NONE = r"^(/[A-Za-z0-9._~/-]{0,200})?$"
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
Cidr = Annotated[str, Field(pattern=r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$")]
Range = tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]


class Model(BaseModel):
    """Base of the models: frozen, and an unknown key is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")
