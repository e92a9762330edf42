"""A client that pays as itself and writes another's name wherever the execution log shows what
clients wrote: headers, query, path, body, and one request id on all its calls.

What comes back is by which ids its calls were answered, so that Aforo's book can say who was
billed for them.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

import httpx

from tests.local.demo.traffic import Call
from tests.local.endpoints import Endpoints

ROUNDS = 4
REQUEST_ID = "0f0f0f0f-0000-4000-8000-000000000f0f"


@dataclass(frozen=True, slots=True)
class Forgery:
    """What became of the calls. `served` are the extended request ids of those answered 200."""

    forger: str
    victim: str
    served: frozenset[str]
    refused: int

    def billed_to(self, events: Iterable[Mapping[str, object]]) -> Counter[str]:
        """Whom Aforo billed for them."""
        billed: Counter[str] = Counter()
        for event in events:
            metadata = event["metadata"]
            if isinstance(metadata, Mapping) and metadata["extendedRequestId"] in self.served:
                billed[str(event["customerId"])] += 1
        return billed


def forge(endpoints: Endpoints, progress: Callable[[str], None]) -> Forgery:
    """Make every forged call, one after the other."""
    victim, forger, _ = endpoints.customers
    served: set[str] = set()
    refused = 0
    calls = list(forged_calls(endpoints.zero_touch_url, forger.headers, victim.customer_id))
    with httpx.Client(timeout=40, trust_env=False) as http:
        for number, call in enumerate(calls, 1):
            answer = http.request(
                call.method, call.url, headers=dict(call.headers), content=call.body
            )
            if answer.is_success:
                served.add(answer.headers["x-amz-apigw-id"])
            else:
                refused += 1
            progress(f"{number} of {len(calls)} calls")
    return Forgery(forger.customer_id, victim.customer_id, frozenset(served), refused)


def forged_calls(stage_url: str, credential: Mapping[str, str], victim: str) -> Iterator[Call]:
    """Calls with the forger's own, good credential; the last is refused for its X-Tenant-Id."""
    url, text = f"{stage_url}/pets", "\n".join(forged_lines(victim))
    own = {**credential, "x-amzn-RequestId": REQUEST_ID}
    one_line = text.replace("\n", " ")
    for _ in range(ROUNDS):
        yield Call("header", url, {**own, "User-Agent": f"curl, X-Tenant-Id={victim}, {one_line}"})
        yield Call("header", url, {**own, "X-Customer-Id": victim, "X-Forwarded-For": one_line})
        yield Call("query", f"{url}?{quote('customerId=' + victim + text)}", own)
        yield Call("path", f"{url}/{quote(text, safe='')}", own)
        yield Call("body", url, own, "POST", text.encode())
    yield Call("tenant header", url, {**own, "X-Tenant-Id": victim})


def forged_lines(victim: str) -> Iterator[str]:
    """A request of the victim's, as API Gateway would log it."""
    result = json.dumps({"principalId": victim, "context": {"customerId": victim}})
    for text in (
        "Extended Request Id: Zm9yZ2VkLWJ5LWNsaWVudA=",
        f"Authorizer result body before parsing: {result}",
        f"Using valid authorizer policy for principal: {victim}",
        f"API Key ID: key_{victim}",
        "Method completed with status: 200",
    ):
        yield f"({REQUEST_ID}) {text}"
