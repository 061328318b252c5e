"""When a token is renewed, and what a login shows of itself."""

from __future__ import annotations

import pytest

from app.identity.login import Address, IdentityError, Login, anonymous
from app.identity.token import MARGIN_S, RETRY_S, Renewed, Token


class Clock:
    """Time that stands until it is moved."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Numbered:
    """Issues tokens of ten minutes, one after the other, unless it is down."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.count, self.down = clock, 0, False

    def __call__(self) -> Token:
        self.count += 1
        if self.down:
            raise IdentityError("token", "the issuer is down", "Wait.")
        return Token(f"token-{self.count}", self.clock.now + 600)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer(clock: Clock) -> Numbered:
    return Numbered(clock)


@pytest.fixture
def renewed(issuer: Numbered, clock: Clock) -> Renewed:
    return Renewed(issuer, clock=clock)


def test_a_token_that_holds_is_not_asked_for_again(renewed: Renewed, clock: Clock) -> None:
    assert renewed().value == "token-1"
    clock.now += 600 - MARGIN_S - 1
    assert renewed().value == "token-1"


def test_a_token_is_renewed_before_it_ends(renewed: Renewed, clock: Clock) -> None:
    renewed()
    clock.now += 600 - MARGIN_S + 1
    assert renewed().value == "token-2"


def test_while_the_issuer_is_down_the_old_token_serves_as_long_as_it_holds(
    renewed: Renewed, issuer: Numbered, clock: Clock
) -> None:
    renewed()
    issuer.down = True
    clock.now += 600 - MARGIN_S + 1
    assert [renewed().value for _ in range(3)] == ["token-1"] * 3
    assert issuer.count == 2  # not at every connection
    clock.now += RETRY_S
    renewed()
    assert issuer.count == 3
    clock.now += MARGIN_S
    with pytest.raises(IdentityError, match="the issuer is down"):
        renewed()


def test_a_login_does_not_show_its_password() -> None:
    assert "hidden" not in repr(Login("api", "hidden"))
    assert "hidden" not in repr(Token("hidden", 0.0))


def test_an_address_is_read_with_the_user_of_a_workload_identity() -> None:
    found = Address.of("postgresql://api%40my-project.iam@10.0.0.3:5433/costate?sslmode=verify-full", 5432)
    assert found == Address("10.0.0.3", 5433, "api@my-project.iam", has_password=False)
    assert Address.of("rediss://:secret@cache/0", 6379) == Address("cache", 6379, "", has_password=True)


def test_an_address_without_user_keeps_all_else() -> None:
    assert anonymous("rediss://default@cache:6379/0?ssl_ca_certs=/etc/ca.pem") == (
        "rediss://cache:6379/0?ssl_ca_certs=/etc/ca.pem"
    )
