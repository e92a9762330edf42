"""Configuration files that metering cannot use."""

import json
from typing import Any

from tests.errors.acts import command
from tests.errors.mistake import Mistake, Topic

FILE = "metering.json"
CHECK = f"configuration check {FILE}"
METER: dict[str, Any] = {"id": "api_calls", "metricName": "API Calls"}
VERSION: dict[str, Any] = {"effectiveFrom": "2026-01-01T00:00:00Z", "meters": [METER]}


def document(**changes: object) -> str:
    """Of one version, with changes to it."""
    return json.dumps({"versions": [{**VERSION, **changes}]})


def _wrong(
    did: str, content: str | bytes, *, field: str, cause: str, step: str, advice: str = ""
) -> Mistake:
    return Mistake(
        did=did,
        act=command(CHECK, {FILE: content}),
        field=f"{FILE}: {field}",
        cause=cause,
        step=step,
        advice=advice,
    )


_TEXTS = (
    Mistake(
        did="a file that is not there",
        act=command(CHECK),
        field=FILE,
        cause="there is no such file",
        step="check the path",
    ),
    _wrong(
        "a trailing comma",
        '{"versions": [\n  {"effectiveFrom": "2026-01-01T00:00:00Z",}\n]}',
        field="document",
        cause="is no JSON: line 2, column 43: a comma stands before a closing bracket",
        step="remove it",
    ),
    _wrong(
        "an empty file",
        "",
        field="document",
        cause="is empty",
        step="write a JSON object, as in {}",
    ),
    _wrong(
        "YAML",
        "versions:\n  - effectiveFrom: 2026-01-01",
        field="document",
        cause="is no JSON: line 1, column 1: no value begins like this",
        step="write texts in double quotes",
        advice="write JSON: metering reads no YAML",
    ),
    _wrong(
        "a file that Windows saved as Unicode",
        document().encode("utf-16"),
        field="document",
        cause="begins with a byte order mark",
        step="save it as UTF-8 without one",
    ),
    _wrong(
        "half of a file",
        document()[:40],
        field="document",
        cause="is no JSON: line 1, column",
        step="a text begins here, and its closing quote is missing",
        advice="save all of it",
    ),
    _wrong(
        "another program's JSON",
        '{"name": "orders", "version": "1.0.0", "dependencies": {}}',
        field="versions",
        cause="is needed",
        step="is no field here (there are: sources, versions)",
        advice="give the metering configuration: docs/reference/configuration.md has one",
    ),
    _wrong(
        "a list",
        "[]",
        field="document",
        cause="must be an object",
        step="in braces",
        advice='write {"versions": [...]}',
    ),
    _wrong(
        "a name that stands twice",
        document().replace('"meters"', '"effectiveFrom": "2026-02-01T00:00:00Z", "meters"'),
        field="versions.0.effectiveFrom",
        cause="stands twice in one object",
        step="keep one of them",
    ),
    _wrong(
        "an API key of two customers",
        document(customers={"a1b2": "cus_a", "a1b3": "cus_b"}).replace("a1b3", "a1b2"),
        field="versions.0.customers.a1b2",
        cause="stands twice in one object",
        step="keep one of them",
    ),
)
_VALUES = (
    _wrong(
        "a misspelt field: `metricname`",
        document(meters=[{"id": "api_calls", "metricname": "API Calls"}]),
        field="versions.0.meters.0.metricName",
        cause="is needed",
        step="versions.0.meters.0.metricname: is no field here: did you mean metricName?",
        advice="write metricName",
    ),
    _wrong(
        "a field in another spelling: `excluded_paths`",
        document(excluded_paths=["/internal"]),
        field="versions.0.excluded_paths",
        cause="is no field here",
        step="did you mean excludedPaths?",
    ),
    _wrong(
        "a customer's name where its id is asked",
        document(customers={"a1b2c3": "Acme Corp"}),
        field="versions.0.customers.a1b2c3",
        cause="(not 'Acme Corp')",
        step="must be 1 to 128 letters, digits and . _ : @ + ~ / = -",
    ),
    _wrong(
        "the id that an empty variable of a script becomes",
        document(customers={"a1b2c3": "null"}),
        field="versions.0.customers.a1b2c3",
        cause="'null' is what a program writes where it has no value",
        step="give the id",
    ),
    _wrong(
        "a time without its offset",
        document(effectiveFrom="2026-12-01T00:00:00"),
        field="versions.0.effectiveFrom",
        cause="has no offset",
        step="write a time with its offset, as 2026-11-01T00:00:00Z",
    ),
    _wrong(
        "a date as other countries write it",
        document(effectiveFrom="01.12.2026"),
        field="versions.0.effectiveFrom",
        cause="(not '01.12.2026')",
        step="write a time with its offset, as 2026-11-01T00:00:00Z",
    ),
    _wrong(
        "two versions from one moment on",
        json.dumps({"versions": [VERSION, VERSION]}),
        field="versions",
        cause="two versions have one effectiveFrom",
        step="give each its own moment",
    ),
    _wrong(
        "a status in quotes",
        document(excludedStatuses=["401"]),
        field="versions.0.excludedStatuses.0",
        cause="(not '401')",
        step="must be a whole number, without quotes",
    ),
    _wrong(
        "a status that does not exist",
        document(excludedStatuses=[4000]),
        field="versions.0.excludedStatuses.0",
        cause="(not 4000)",
        step="must be at most 599",
    ),
    _wrong(
        "a path without its slash",
        document(excludedPaths=["health"]),
        field="versions.0.excludedPaths.0",
        cause="(not 'health')",
        step="must be a path that begins with /",
    ),
    _wrong(
        "a version without a meter",
        document(meters=[]),
        field="versions.0.meters",
        cause="needs at least 1",
        step="needs at least 1",
        advice="name what is counted, or leave the version out",
    ),
    _wrong(
        "two meters of one id",
        document(meters=[METER, METER]),
        field="versions.0.meters",
        cause="two meters have one id, api_calls",
        step="give each its own",
    ),
    _wrong(
        "a meter's name where its id is asked",
        document(meters=[{"id": "API-Calls", "metricName": "API Calls"}]),
        field="versions.0.meters.0.id",
        cause="(not 'API-Calls')",
        step="must be 1 to 63 of a-z, 0-9 and _, beginning with a letter",
    ),
    _wrong(
        "a quantity that metering does not know",
        document(meters=[{**METER, "quantity": "bytes"}]),
        field="versions.0.meters.0.quantity",
        cause="(not 'bytes')",
        step='must be "1", "response_bytes" or "context:"',
    ),
    _wrong(
        "a source of a kind that does not exist",
        json.dumps(
            {"sources": [{"name": "a", "logGroup": "/a", "kind": "acces"}], "versions": [VERSION]}
        ),
        field="sources.0.kind",
        cause="is none of access, execution",
        step="did you mean access?",
    ),
    _wrong(
        "one stage metered by two logs",
        json.dumps(
            {
                "sources": [
                    {
                        "name": n,
                        "logGroup": f"/{n}",
                        "kind": "access",
                        "apiId": "a1",
                        "stage": "prod",
                    }
                    for n in ("one", "two")
                ],
                "versions": [VERSION],
            }
        ),
        field="sources",
        cause="one and two are one stage, prod of a1",
        step="metered by two logs, each of its requests comes twice",
        advice="keep one of the two sources",
    ),
    _wrong(
        "a request's key that a client can choose",
        document(
            accessLogs={
                "/orders": {
                    "apiId": "a1",
                    "stage": "prod",
                    "fields": {"extendedRequestId": "requestId"},
                }
            }
        ),
        field="versions.0.accessLogs./orders.fields",
        cause="'requestId' holds what a client can choose",
        step='add "extendedRequestId":"$context.extendedRequestId" to the format',
    ),
)
_COMMANDS = (
    Mistake(
        did="two samples: `configuration check --log access.log --from-log 5`",
        act=command(f"{CHECK} --log access.log --from-log 5", {FILE: document()}),
        field="--log and --from-log",
        cause="give one of them",
        step="give one of them",
    ),
    Mistake(
        did="a sample that is not there",
        act=command(f"{CHECK} --against {FILE} --log access.log", {FILE: document()}),
        field="--log access.log",
        cause="there is no such file",
        step="check the path",
    ),
    Mistake(
        did="a sample of no minutes: `--from-log 0`",
        act=command(f"{CHECK} --from-log 0", {FILE: document()}),
        field="--from-log",
        cause="give 1 minute or more",
        step="give 1 minute or more",
    ),
)

DOCUMENTS = Topic(
    "Configuration files",
    "`configuration check`, `configuration put`, `explain --config` and the log line"
    " `configuration.refused` say the same.\nEvery fault of a file is told at once.",
    (*_TEXTS, *_VALUES, *_COMMANDS),
)
