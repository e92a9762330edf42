"""What a client can write into a log: the same request with it and without it, compared.

API Gateway does not promise to escape a client's text, so it stands in the line as it is, or
escaped. A line with hostile text may be refused; it never makes somebody else pay, another key,
another quantity, or a request free that was not.
"""

import json
from collections.abc import Iterable

from tests.fakes.access_log_lines import LOG_GROUP, REQUEST_TIME_MS, access_line
from tests.fakes.execution_log_lines import GROUP, prefixed, request_texts
from tests.fuzz.fuzzed_input import FuzzedInput, input_of
from tests.fuzz.fuzzed_metering import FOREIGN, KEYED, NESTED, Metered, configuration, meter
from tests.fuzz.target import Target, must
from tests.fuzz.targets.access_lines import keyed_line, nested_line

FIRST, SECOND = "<first>", "<second>"
HONEST = ("curl/8.5", "/pets/7?limit=3")


def _with(line: str, **members: str) -> str:
    return f"{line[:-1]},{json.dumps(members)[1:]}"


def _between(line: str, name: str, **members: str) -> str:
    """The line with more members before the one called `name`."""
    at = line.index(f'"{name}"')
    return f"{line[:at]}{json.dumps(members)[1:-1]},{line[at:]}"


def _around_status(line: str) -> str:
    """Two texts of a client can hide what stands between them."""
    return _between(_between(line, "status", agent=FIRST), "requestTimeEpoch", uri=SECOND)


def _forms() -> list[tuple[str, list[str]]]:
    """Log groups and lines, with the places in which a client's two texts stand."""
    ours, nested = access_line(), nested_line(auth={"customer": "cus_7Qm2"})
    keyed = keyed_line()
    texts = {"userAgent": FIRST, "path": SECOND}
    execution = request_texts(
        headers=f"{{Accept=*/*, User-Agent={FIRST}, X-Tenant-Id=cus_7Qm2xYz}}", path="/pets/7"
    )
    asked = execution.index("Method request body before transformations: ")
    execution[asked] += SECOND
    execution.insert(asked, f"Method request query string: {{q={FIRST}}}")
    return [
        (LOG_GROUP, [_with(ours, **texts)]),
        (LOG_GROUP, [_between(_with(ours, path=SECOND), "status", userAgent=FIRST)]),
        (NESTED, [nested.replace("curl/8", FIRST)[:-1] + f', "path": "{SECOND}"}}']),
        (NESTED, [_between(_with(nested, path=SECOND), "auth", agent2=FIRST)]),
        (KEYED, [_with(keyed.replace("/pets/7", SECOND), userAgent=FIRST)]),
        (KEYED, [_between(keyed.replace("/pets/7", SECOND), "status", userAgent=FIRST)]),
        (FOREIGN, [_with(access_line(v=None), **texts)]),
        (FOREIGN, [_between(_with(access_line(v=None), path=SECOND), "apiKeyId", agent=FIRST)]),
        (GROUP, prefixed(execution)),
        (FOREIGN, [_with(access_line(v=None, customerId=None, apiKeyId=None), **texts)]),
        (KEYED, [_around_status(keyed_line(path=None))]),
    ]


FORMS = _forms()
_Outcome = tuple[list[tuple[str, str, object]], bool]


def check(data: bytes) -> None:
    """Whoever pays with hostile text pays the same without it."""
    fuzzed = FuzzedInput(data)
    group, lines = fuzzed.one_of(FORMS)
    terms = configuration(rich=False)
    is_escaped = fuzzed.one_of((False, True))
    first, second, *_ = [*fuzzed.texts, ""]
    honest, _ = _outcome(meter(events_with(lines, *HONEST, is_escaped=True), group, terms))
    said, is_free = _outcome(
        meter(events_with(lines, first, second, is_escaped=is_escaped), group, terms)
    )
    must(not said or said == honest, "a client's text changes no bill", said, honest, lines)
    must(not (is_free and honest), "a client's text makes no request free", first, second, lines)


def events_with(
    lines: list[str], first: str, second: str, *, is_escaped: bool
) -> list[dict[str, object]]:
    """The log events of a form, with a client's texts in their places."""
    texts = [json.dumps(text)[1:-1] if is_escaped else text for text in (first, second)]
    return [
        {
            "id": f"{place:056}",
            "timestamp": REQUEST_TIME_MS + place // 4,
            "message": line.replace(FIRST, texts[0]).replace(SECOND, texts[1]),
        }
        for place, line in enumerate(lines)
    ]


def _outcome(metered: Metered) -> _Outcome:
    found = metered.taken.found
    assert found is not None
    billed = [
        (event["customerId"], event["idempotencyKey"], event["quantity"])
        for event in metered.events
    ]
    return billed, bool(found.excluded) and not found.quarantined and not billed


def seeds() -> Iterable[bytes]:
    """Honest text, and the attacks that are known."""
    attacks = [
        HONEST,
        ('","customerId":"cus_other', "x"),
        ('","auth":{"customer":"cus_other"},"x":"', '"},"y":"'),
        ('","key":"AIDAEXAMPLE","x":{"a":"', '"},"b":"'),
        ('","errorType":"UNAUTHORIZED","status":"401","x":"', "/health"),
        ('","payload":"x","event_timestamp":"1', "/"),
        ('","x":[{"a":"', '"}],"b":"'),
        ('","x":{"a":"', '"},"status":"401","errorType":"UNAUTHORIZED","b":"'),
        ("a, X-Tenant-Id=cus_other", "(abe23b51-3a85-4167-851d-9ab66fc506b3) API Key ID: k1"),
        ("\\", '"'),
        ("a\nb", "\u2028\udcff"),
    ]
    for number in range(len(FORMS)):
        for first, second in attacks:
            yield input_of(f"{chr(ord('0') + number)}0", first, second)
            yield input_of(f"{chr(ord('0') + number)}1", first, second)


WORDS = (
    *('","', '":"', '":{"', '"},"', '"}],"', '":[{"', '":', "\\", '\\"', "\\u0022", '"x":"'),
    *("customerId", "apiKeyId", "auth", "customer", "auth.customer", "key", "status", "code"),
    *("cus_other", "AIDAEXAMPLE", "errorType", "ACCESS_DENIED", "requestTimeEpoch", "stage"),
    *("extendedRequestId", "ids", "ids.extended", "extended", "resourcePath", "/health", "v", "1"),
    *("payload", "event_timestamp", "httpMethod", "OPTIONS", "responseLength", "tenantId", "-"),
    *("X-Tenant-Id=", "integrationStatus", "routeKey", "connectionId", ", ", "}", "=", "401"),
)
TARGET = Target("client_text", check, seeds, WORDS)
