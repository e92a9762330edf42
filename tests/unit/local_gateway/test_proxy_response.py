import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local.gateway.exchange import Answer
from tests.local.gateway.proxy_response import MalformedAnswerError, read_proxy_answer


def read(described: object, *, accept: str = "", binary: tuple[str, ...] = ()) -> Answer:
    return read_proxy_answer(json.dumps(described).encode(), accept=accept, binary_types=binary)


def test_status_headers_and_body_are_those_of_the_function() -> None:
    """Both header maps are merged, values become text, JSON is the default content type."""
    answer = read(
        {
            "statusCode": "201",
            "headers": {"X-A": 1, "X-Flag": True, "X-Multi": "b"},
            "multiValueHeaders": {"x-multi": ["a", "b"]},
            "body": "é",
        }
    )
    assert (answer.status, answer.body) == (201, "é".encode())
    assert answer.headers == (
        ("x-multi", "a"),
        ("x-multi", "b"),
        ("X-A", "1"),
        ("X-Flag", "true"),
        ("Content-Type", "application/json"),
    )


def test_headers_that_the_gateway_owns_go_out_under_another_name() -> None:
    """A function cannot set the length or the framing of the answer."""
    answer = read({"statusCode": 200, "headers": {"Content-Length": "1", "Transfer-Encoding": "x"}})
    assert dict(answer.headers) == {
        "x-amzn-Remapped-Content-Length": "1",
        "Content-Type": "application/json",
    }


@pytest.mark.parametrize(
    ("accept", "binary", "decoded"),
    [
        ("image/png", ("image/png",), True),
        ("image/png, */*", ("image/*",), True),
        ("", ("*/*",), True),
        ("text/html", ("image/png",), False),
        ("image/png", (), False),
    ],
)
def test_base64_is_decoded_only_for_the_apis_binary_types(
    accept: str, binary: tuple[str, ...], *, decoded: bool
) -> None:
    """Without a matching binary media type the client gets the base64 text, as on AWS."""
    body = base64.b64encode(b"\x00\x01").decode()
    answer = read(
        {"statusCode": 200, "body": body, "isBase64Encoded": True}, accept=accept, binary=binary
    )
    assert answer.body == (b"\x00\x01" if decoded else body.encode())


@pytest.mark.parametrize(
    "described",
    [None, [], "x", {}, {"statusCode": "abc"}, {"statusCode": True}, {"statusCode": 99},
     {"statusCode": 200, "extra": 1}, {"statusCode": 200, "body": {}},
     {"statusCode": 200, "headers": []}, {"statusCode": 200, "headers": {"a": {}}},
     {"statusCode": 200, "multiValueHeaders": {"a": "b"}}],
)  # fmt: skip
def test_anything_else_is_malformed(described: object) -> None:
    """What AWS answers with 502 is refused here."""
    with pytest.raises(MalformedAnswerError):
        read(described)


@given(st.binary())
def test_no_payload_raises_anything_but_malformed(payload: bytes) -> None:
    """Whatever a function returns, the gateway answers."""
    try:
        answer = read_proxy_answer(payload, accept="", binary_types=())
    except MalformedAnswerError:
        return
    assert 100 <= answer.status <= 599
