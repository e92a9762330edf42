"""An Aforo behind IAM: a request comes in, AWS's refusal leaves; None for a good signature.

The canonical request is made anew here from what came over the wire (IAM user guide, "Create a
signed AWS API request"), with no code of botocore's: whatever the client believes it signed, this
is what it sent.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote

from aiohttp import web

from tests.local.aforo.settings import SigV4

SKEW_SECONDS = 300
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<id>[^/,]+)/(?P<day>\d{8})/(?P<region>[^/,]+)"
    r"/(?P<service>[^/,]+)/aws4_request, SignedHeaders=(?P<names>[a-z0-9;-]+), "
    r"Signature=(?P<signature>[0-9a-f]{64})"
)
_MISMATCH = "The request signature we calculated does not match the signature you provided."
# A signature that leaves these out is good for other requests too.
_MUST_BE_SIGNED = {"host", "x-amz-date"}


def refusal(
    request: web.Request, body: bytes, door: SigV4 | None, now: float
) -> web.Response | None:
    """`door` None: there is no such door. `now` is AWS's clock, epoch seconds."""
    if door is None:
        return None
    found = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    if not found:
        return _refused("MissingAuthenticationTokenException", "Missing Authentication Token")
    secret = door.access_keys.get(found["id"])
    token = request.headers.get("X-Amz-Security-Token", "")
    if secret is None or token != door.session_token:
        message = "The security token included in the request is invalid."
        return _refused("UnrecognizedClientException", message)
    if (found["region"], found["service"]) != (door.region, door.service):
        message = f"Credential should be scoped to a valid Region, not '{found['region']}'."
        return _refused("InvalidSignatureException", message)
    return _untimely(request, now) or _mismatch(request, body, found, secret)


def _untimely(request: web.Request, now: float) -> web.Response | None:
    stamp = request.headers.get("X-Amz-Date", "")
    signed_at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    here = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    if signed_at < now - SKEW_SECONDS:
        message = f"Signature expired: {stamp} is now earlier than ({here} - 5 min.)"
        return _refused("InvalidSignatureException", message)
    if signed_at > now + SKEW_SECONDS:
        message = f"Signature not yet current: {stamp} is still later than ({here} + 5 min.)"
        return _refused("InvalidSignatureException", message)
    return None


def _mismatch(
    request: web.Request, body: bytes, found: re.Match[str], secret: str
) -> web.Response | None:
    names = found["names"].split(";")
    if not set(names) >= _MUST_BE_SIGNED:
        return _refused("InvalidSignatureException", _MISMATCH)
    canonical = "\n".join(
        [
            request.method,
            quote(request.rel_url.raw_path, safe="/-_.~"),
            _query(request.rel_url.raw_query_string),
            *(f"{name}:{_value(request.headers, name)}" for name in names),
            "",
            found["names"],
            hashlib.sha256(body).hexdigest(),
        ]
    )
    stamp = request.headers["X-Amz-Date"]
    scope = f"{found['day']}/{found['region']}/{found['service']}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    is_good = stamp.startswith(found["day"]) and hmac.compare_digest(expected, found["signature"])
    return None if is_good else _refused("InvalidSignatureException", _MISMATCH)


def _query(raw: str) -> str:
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(raw, keep_blank_values=True)
    )
    return "&".join(f"{name}={value}" for name, value in pairs)


def _value(headers: Mapping[str, str], name: str) -> str:
    return " ".join(headers.get(name, "").split())


def _refused(kind: str, message: str) -> web.Response:
    """As API Gateway answers before anything of Aforo's is asked."""
    headers = {"x-amzn-ErrorType": kind}
    return web.json_response({"message": message}, status=403, headers=headers)
