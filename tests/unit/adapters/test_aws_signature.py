"""Headers signed by hand, compared with botocore's own signer."""

from datetime import UTC, datetime

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from functions.adapters.aws_signature import AwsCredential, SigningScope, signed_headers

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
WORDS = st.text("abcdefghijklmnopqrstuvwxyz-.0123456789", min_size=1)


@given(
    body=st.binary(), token=st.sampled_from(["", "FwoGZXIvYXdzE//+a=b"]), host=WORDS, region=WORDS
)
def test_the_headers_are_what_botocore_signs(
    body: bytes, token: str, host: str, region: str
) -> None:
    """Any body, host and region, with and without a session token."""
    headers = {"Host": host, "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "a.B"}
    request = AWSRequest("POST", f"https://{host}/", headers=dict(headers), data=body)
    signer = SigV4Auth(Credentials("AKID", SECRET, token or None), "secretsmanager", region)
    signer.add_auth(request)
    stamp = request.context["timestamp"]
    now = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    scope = SigningScope(region, "secretsmanager", now)
    found = signed_headers(headers, body, AwsCredential("AKID", SECRET, token), scope)
    assert found["authorization"] == request.headers["Authorization"]
    assert found["x-amz-date"] == stamp
    assert found.get("x-amz-security-token", "") == token
