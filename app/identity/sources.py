"""Which login each data store gets, by the settings: the address's own password, a file, or a token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from app.identity import aws, azure, gcp
from app.identity.login import Address, IdentityError, Login, LoginSource
from app.identity.token import Renewed, Token
from app.settings import Settings

POSTGRES_PORT, REDIS_PORT = 5432, 6379

Issuers = Mapping[str, Callable[[], Token]]
"""Who makes tokens, by kind of identity."""


def database_login(settings: Settings) -> LoginSource | None:
    """How to log in to PostgreSQL; None where the address says all."""
    address = Address.of(settings.database_url.get_secret_value(), POSTGRES_PORT)
    file = settings.database_password_file
    issuers: Issuers = {
        "aws": lambda: aws.database_token(address),
        "gcp": lambda: gcp.token(gcp.DATABASE_SCOPE),
        "azure": lambda: azure.token(azure.DATABASE_SCOPE),
    }
    return _source(
        settings, address, file, "COSTATE_DATABASE_PASSWORD_FILE", issuers, lambda given: address.user
    )


def cache_login(settings: Settings) -> LoginSource | None:
    """How to log in to Redis or Valkey; None where the address says all."""
    address = Address.of(settings.redis_url.get_secret_value(), REDIS_PORT)
    file = settings.redis_password_file
    issuers: Issuers = {
        "aws": lambda: aws.cache_token(address),
        "gcp": lambda: gcp.token(gcp.CACHE_SCOPE),
        "azure": lambda: azure.token(azure.CACHE_SCOPE),
    }
    named = azure.object_id if settings.identity == "azure" else lambda given: address.user
    return _source(settings, address, file, "COSTATE_REDIS_PASSWORD_FILE", issuers, named)


def _source(
    settings: Settings,
    address: Address,
    file: Path | None,
    variable: str,
    issuers: Issuers,
    user: Callable[[Token], str],
) -> LoginSource | None:
    """The first that there is: a password in the address, a file (named by `variable`), a token."""
    if address.has_password:
        return None
    if file is not None:
        return _from_file(address.user, file, variable)
    if settings.identity == "none":
        return None
    return _from_token(issuers[settings.identity], user)


def _from_token(issuer: Callable[[], Token], user: Callable[[Token], str]) -> LoginSource:
    current = Renewed(issuer)

    def login() -> Login:
        token = current()
        return Login(user(token), token.value)

    return login


def _from_file(user: str, file: Path, variable: str) -> LoginSource:
    """The file is read each time: whoever keeps it may change it while the process runs."""

    def login() -> Login:
        try:
            password = file.read_text().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            remedy = f"{variable} names the file; mount the Secret that holds the password there."
            raise IdentityError("password", str(error), remedy) from error
        if not password:
            raise IdentityError("password", f"{file} is empty", f"{variable} names the file.")
        return Login(user, password)

    return login
