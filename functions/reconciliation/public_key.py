"""A public key of a JWKS as the counters keep it: RSA, for RS256, and nothing private."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

# Members of an RSA private key (RFC 7518, 6.3.2): they must never come near the queue.
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})


class PublicKey(BaseModel):
    """An RSA public key (RFC 7517). Other members are dropped, private ones refused."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    kty: Literal["RSA"]
    kid: Annotated[str, Field(min_length=1, max_length=256)]
    n: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{342,1400}$")]  # 2048 to 8192 bits
    e: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,12}$")]
    alg: Literal["RS256"] = "RS256"
    use: Literal["sig"] = "sig"

    @model_validator(mode="before")
    @classmethod
    def _is_public(cls, members: object) -> object:
        if isinstance(members, dict) and not PRIVATE_MEMBERS.isdisjoint(members):
            raise ValueError("this is a private key: replace it, it has been seen")
        return members


def told_apart(keys: tuple[PublicKey, ...]) -> tuple[PublicKey, ...]:
    """The keys of a set, each under a name of its own. ValueError otherwise."""
    if len({key.kid for key in keys}) != len(keys):
        raise ValueError("two keys have the same kid")
    return keys
