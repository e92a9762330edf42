"""Configuration documents: refused with faults that name their fields, or usable."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from functions.metering.configuration.deployed_sources import ConfigurationReader, read_deployed
from functions.metering.configuration.document_reading import ConfigurationError
from functions.metering.configuration.version import Configuration
from functions.metering.source_list import source_list
from functions.usage.strict_json import read_object
from tests.fakes.access_log_lines import LOG_GROUP, REQUEST_TIME_MS, access_line
from tests.fakes.execution_log_lines import GROUP, prefixed, request_texts
from tests.fuzz.delivery_promises import is_understood, nothing_is_lost
from tests.fuzz.fuzzed_input import FuzzedInput, input_of
from tests.fuzz.fuzzed_metering import FOREIGN, NESTED, RICH, configuration, meter
from tests.fuzz.target import Target, must
from tests.fuzz.targets.access_lines import nested_line

CORPUS = Path(__file__).parents[2] / "corpus"
READERS = (
    ConfigurationReader(),
    ConfigurationReader(read_deployed(f"a=access:{FOREIGN},e=execution:{GROUP}")),
)
# `versions.0.meters.1.quantity: must be ...`; a name in it may be anything that a person wrote.
_FAULT = re.compile(r"(?:document|sources|versions)[^\n]*: \S", re.DOTALL)
_SAMPLES = (
    (LOG_GROUP, [access_line()]),
    (FOREIGN, [access_line(v=None), nested_line()]),
    (NESTED, [nested_line()]),
    (GROUP, prefixed(request_texts())),
)


def check(data: bytes) -> None:
    """One kind of exception, whose every fault says where; else deliveries can be metered by it."""
    fuzzed = FuzzedInput(data)
    reader = fuzzed.one_of(READERS)
    document = fuzzed.rest.encode("utf-8", "surrogateescape")
    try:
        found = reader.read(document)
        must(isinstance(read_object(document), dict), "no name stands twice", document)
    except ConfigurationError as error:
        must(error.faults, "a refusal says why", document)
        for fault in error.faults:
            must(_names_its_field(fault), "a fault names its field", fault, document)
        return
    _is_usable(found)


def _names_its_field(fault: str) -> bool:
    place, colon, words = fault.partition(": ")
    return bool(_FAULT.match(fault) or (colon and words and place))


def _is_usable(found: Configuration) -> None:
    json.dumps(source_list(found, None)).encode()
    for group, lines in _SAMPLES:
        log_events = [
            {"id": f"{place:056}", "timestamp": REQUEST_TIME_MS, "message": line}
            for place, line in enumerate(lines)
        ]
        metered = meter(log_events, group, found)
        nothing_is_lost(metered)
        is_understood(metered)
    again = Configuration.model_validate_json(found.model_dump_json(by_alias=True))
    must(again == found, "a configuration can be written and read", found)


def seeds() -> Iterable[bytes]:
    """Good ones, those of the corpus, and mistakes that people make."""
    rich = configuration(rich=True).model_dump_json(by_alias=True)
    version = {"effectiveFrom": "2026-11-01T00:00:00.000Z", "meters": RICH}
    yield input_of("0", rich)
    yield input_of("1", json.dumps({"versions": [version]}))
    yield input_of("0", json.dumps({"versions": [version, version]}))
    yield input_of("0", json.dumps({"versions": [{**version, "excluded_paths": ["/x"]}]}))
    yield input_of("0", json.dumps({"versions": [{**version, "customers": {"k": "null"}}]}))
    yield input_of("0", json.dumps({"versions": [version]}).replace('"id"', '"id": "a", "id"'))
    sources = [
        {"name": "orders", "logGroup": "/o", "kind": "access", "apiId": "a1", "stage": "prod"},
        {"name": "canary", "logGroup": f"{GROUP}/Canary", "kind": "execution"},
    ]
    yield input_of("1", json.dumps({"versions": [version], "sources": sources}))
    yield input_of("0", f'{{"versions": {"9" * 5000}}}')
    yield input_of("0", "[" * 50_000)
    for text in ("", "{", "[]", "{}", "null", '{"versions": []}', "\ufeff{}", "{'a': 1}"):
        yield input_of("0", text)
    for sample in (CORPUS / "field-formats.jsonl").read_text().splitlines():
        yield input_of("0", json.dumps(json.loads(sample)["config"]))


WORDS = (
    *("versions", "sources", "effectiveFrom", "meters", "id", "metricName", "productType"),
    *("quantity", "context:x", "response_bytes", "forEach", "fields", "metadata", "apiIds"),
    *("customers", "tenantId", "excludedPaths", "excludedStatuses", "excludeBackendStatuses"),
    *("billServerErrors", "accessLogs", "context", "accountId", "apiId", "stage", "name"),
    *("logGroup", "kind", "access", "execution", "MCP_SERVER", "AI_AGENT", "toolName", "agentId"),
    *("sessionId", "traceId", "2020-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", FOREIGN, GROUP),
    *("9999-12-31T23:59:59.999999-12:00", "extendedRequestId", "customerId", "2026-01-01", NESTED),
)
TARGET = Target("configurations", check, seeds, WORDS)
