"""Environment variables -> the authorizer's frozen settings; the errors name the variable.

Standard library only, unlike the other functions' settings: pydantic would be most of the
authorizer's cold start (performance.md 2).

A deploy changes the code and the environment of a function apart from each other, and a process of
the one may meet the other. So a variable that the first release did not have gets a default here,
one that decides as the code before it did: nobody is refused for what is not there yet. More than
the template needs, then, may be absent; nothing that is identity may.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields

from functions.authorizer.credential import CredentialHeader
from functions.authorizer.redis_address import RedisAddress
from functions.usage.errors import SettingsError
from functions.usage.quota import AuthorizerMode

# What may stand in a Redis key between `{` and `}`, in an ARN and in JSON text without escaping.
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+~/=-]{0,127}")
# API Gateway's own limit for authorizerResultTtlInSeconds.
_MAX_TTL_SECONDS = 3600
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]+)?")
_WHOLE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizerSettings:
    """The field `redis_url` is the variable REDIS_URL; AWS_REGION comes from the runtime."""

    redis_url: str
    aforo_tenant_id: str
    aforo_environment: str  # sandbox | live
    quota_meter: str
    token_issuer: str = ""  # empty: `iss` is not looked at
    token_audience: str = ""  # empty: `aud` is not looked at
    unknown_policy: str  # allow | deny, for a verified customer whose state nobody can say
    no_grant_policy: str  # allow | deny
    result_ttl_seconds: int  # how long API Gateway caches our answer: part of the headroom
    headroom_cap_percent: float  # of a limit, that the headroom holds back at most
    tenant_header: str  # whose id X-Tenant-Id carries: tenant | customer
    credential_header: str = "authorization"  # authorization | x-api-key | either
    authorizer_mode: str = "enforce"  # enforce | shadow
    redis_user: str = ""
    redis_cache_name: str = ""
    redis_secret_arn: str = ""  # empty: the Redis wants no password
    aws_region: str = ""


def read_settings(environment: Mapping[str, str] = os.environ) -> AuthorizerSettings:
    """The settings in `environment`. SettingsError names each missing or wrong variable."""
    given = {
        field.name: environment.get(field.name.upper(), "").strip()
        for field in fields(AuthorizerSettings)
    }
    found = {name: value for name, value in given.items() if value or name not in _DEFAULTED}
    faults = [
        f"{name.upper()}: {fault}"
        for name, value in found.items()
        if (fault := _fault(name, value))
    ]
    if found["tenant_header"] == "customer" and found["result_ttl_seconds"] != "0":
        # API Gateway would apply a kept answer to a request with somebody else's header.
        faults.append("RESULT_TTL_SECONDS: must be 0 where TENANT_HEADER is customer")
    if found.get("credential_header") == "either" and found["result_ttl_seconds"] != "0":
        # API Gateway keeps answers by one set of headers, all of which must be there.
        faults.append("RESULT_TTL_SECONDS: must be 0 where CREDENTIAL_HEADER is either")
    if faults:
        raise SettingsError.of_environment(faults)
    return AuthorizerSettings(
        result_ttl_seconds=int(found.pop("result_ttl_seconds")),
        headroom_cap_percent=float(found.pop("headroom_cap_percent")),
        **found,
    )


def deployed_mode(environment: Mapping[str, str] = os.environ) -> AuthorizerMode:
    """The mode, also of an environment that is not usable otherwise."""
    given = environment.get("AUTHORIZER_MODE", "").strip()
    return AuthorizerMode.SHADOW if given == AuthorizerMode.SHADOW else AuthorizerMode.ENFORCE


def _fault(name: str, value: str) -> str:
    if not value:
        return "is not set"
    return _RULES[name](value) if name in _RULES else ""


def _one_of(*choices: str) -> Callable[[str], str]:
    return lambda value: "" if value in choices else f"must be one of {', '.join(choices)}"


def _word(value: str) -> str:
    return "" if _WORD.fullmatch(value) else "has characters that an id cannot have"


def _ttl(value: str) -> str:
    is_good = value.isascii() and value.isdecimal() and int(value) <= _MAX_TTL_SECONDS
    return "" if is_good else f"must be whole seconds from 0 to {_MAX_TTL_SECONDS}"


def _percent(value: str) -> str:
    is_good = _PERCENT.fullmatch(value) is not None and float(value) <= _WHOLE
    return "" if is_good else f"must be a number from 0 to {_WHOLE}"


def _redis_url(value: str) -> str:
    try:
        RedisAddress.parse(value)
    except ValueError as error:
        return str(error)
    return ""


_DEFAULTED = frozenset(
    field.name for field in fields(AuthorizerSettings) if field.default is not MISSING
)
_RULES: Mapping[str, Callable[[str], str]] = {
    "redis_url": _redis_url,
    "aforo_tenant_id": _word,
    "quota_meter": _word,
    "aforo_environment": _one_of("sandbox", "live"),
    "unknown_policy": _one_of("allow", "deny"),
    "no_grant_policy": _one_of("allow", "deny"),
    "result_ttl_seconds": _ttl,
    "headroom_cap_percent": _percent,
    "tenant_header": _one_of("tenant", "customer"),
    "credential_header": _one_of(*CredentialHeader),
    "authorizer_mode": _one_of(*AuthorizerMode),
}
