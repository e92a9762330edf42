"""Who is calling: an API key and its tenant (aforo-contract.md 1.1.1, 1.1.4).

In: the request's headers; out: the caller, or a refusal: 401 for the key, 400 for a missing
tenant, 403 or 404 (a knob) for another tenant's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.local.aforo.problem import RefusedError
from tests.local.aforo.settings import Settings

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="aforo"'}
PREFIX_OF_OTHER = {"sandbox": "sk_live_", "live": "sk_test_"}
TENANT_HEADER = "X-Tenant-Id"


@dataclass(frozen=True, slots=True)
class Caller:
    key: str
    tenant: str


def authenticate(
    headers: Mapping[str, str], tenants_by_key: Mapping[str, str], settings: Settings
) -> Caller:
    """The key may come as `Authorization: Bearer` or as `X-API-Key`, as the `auth` knob allows.

    A Bearer caller must name its tenant, as the fact sheet says; an `X-API-Key` caller may leave
    it out, because Aforo's SDKs of 2026-10 do and the tenant follows from the key.
    """
    bearer, api_key = _bearer(headers), headers.get("X-API-Key")
    key = _presented(bearer, api_key, settings)
    if key.startswith(PREFIX_OF_OTHER[settings.environment]):
        raise _unauthorized("WRONG_ENVIRONMENT", f"this is {settings.environment}")
    tenant = tenants_by_key.get(key)
    if tenant is None:
        raise _unauthorized("INVALID_API_KEY", "the API key is unknown or revoked")
    named = headers.get(TENANT_HEADER, "")
    if bearer and not named:
        raise RefusedError(400, "MISSING_TENANT", f"{TENANT_HEADER} header is required")
    if named and named != tenant:
        status = settings.tenant_mismatch_status
        raise RefusedError(status, "TENANT_MISMATCH", f"{TENANT_HEADER} is not the key's tenant")
    return Caller(key, tenant)


def _bearer(headers: Mapping[str, str]) -> str | None:
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _presented(bearer: str | None, api_key: str | None, settings: Settings) -> str:
    if settings.auth == "x_api_key" and bearer:
        raise _unauthorized("INVALID_TOKEN", "a Bearer value is read as a JWT; use X-API-Key")
    if settings.auth == "either" and bearer and api_key and bearer != api_key:
        raise _unauthorized("AMBIGUOUS_CREDENTIALS", "Authorization and X-API-Key differ")
    allowed = {"bearer": bearer, "x_api_key": api_key, "either": bearer or api_key}
    key = allowed[settings.auth]
    if not key:
        raise _unauthorized("MISSING_CREDENTIALS", "Authorization: Bearer <api key> is required")
    return key


def _unauthorized(code: str, detail: str) -> RefusedError:
    return RefusedError(401, code, detail, headers=CHALLENGE)
