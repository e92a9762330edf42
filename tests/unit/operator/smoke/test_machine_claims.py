"""The audit's claim: a run that ends well, and windows that are kept."""

import io
import json
from typing import Any, cast

import pytest

from functions.operator.deployment.deployment import Deployment
from functions.operator.smoke.claim import DidNotHold
from functions.operator.smoke.machine_claims import the_audit_compares
from functions.operator.smoke.subject import Subject


class Session:
    """Lambda and S3, as far as the claim asks them."""

    def __init__(self, said: object, windows: int, *, fails: bool = False) -> None:
        self.said, self.windows, self.fails = said, windows, fails

    def client(self, _service: str) -> "Session":
        return self

    def invoke(self, **asked: str) -> dict[str, Any]:
        assert asked["FunctionName"] == "stack-count"
        body = {"Payload": io.BytesIO(json.dumps(self.said).encode())}
        return body | ({"FunctionError": "Unhandled"} if self.fails else {})

    def list_objects_v2(self, **asked: str) -> dict[str, Any]:
        assert asked == {"Bucket": "ledger", "Prefix": "audits/"}
        found = [{"Key": f"audits/{number}"} for number in range(self.windows)]
        return {"KeyCount": self.windows, **({"Contents": found} if found else {})}


def tried(session: Session) -> str:
    return the_audit_compares(
        Subject(
            stack="stack",
            session=cast("Any", session),
            deployment=Deployment("eu-west-1", {"LedgerBucketName": "ledger"}, "no stack"),
            resources={"AuditCountFunction": "stack-count"},
            api_url="https://demo",
            is_local=False,
        )
    )


def test_the_audit_says_how_many_windows_it_kept() -> None:
    """And what it found missing, which its own alarm rings for."""
    seen = tried(Session({"behind": 0, "unaccounted": 2}, 3))
    assert seen == "none behind, 3 kept; 2 requests unaccounted"


@pytest.mark.parametrize(
    ("session", "why"),
    [
        (Session({"errorType": "AccessDenied"}, 3, fails=True), "AccessDenied"),
        (Session({"behind": 4, "unaccounted": 0}, 3), "4 windows are due"),
        (Session({"behind": 0, "unaccounted": 0}, 0), "no window under audits/"),
    ],
)
def test_an_audit_that_fails_lags_or_keeps_nothing_does_not_hold(
    session: Session, why: str
) -> None:
    """Each with what was seen instead."""
    with pytest.raises(DidNotHold, match=why):
        tried(session)
