"""The table of configuration.md: each declaration bills the caller that it says, as it stands."""

import json
import re

import pytest

from functions.metering.access.source import AccessLogSource
from functions.metering.configuration.document_reading import read_configuration
from functions.metering.log_delivery import LogDelivery
from tests.fakes.access_log_lines import FIELDS, REGION, REQUEST_TIME_MS
from tests.local.endpoints import ROOT

PAGE = (ROOT / "docs" / "reference" / "configuration.md").read_text()
SECTION = PAGE.split("\n## Who pays without our authorizer\n", 1)[1].split("\n## ", 1)[0]
ROWS = re.findall(
    r'^\| ([^|]+) \| `"(\w+)":"\$context\.[\w.]+"` \| `(\{.*?\})`.*? \| (?:`"(.+?)"`)?',
    SECTION,
    re.MULTILINE,
)


def test_the_table_has_its_rows() -> None:
    """A table that is not found would let every row pass."""
    assert len(ROWS) == SECTION.count("\n| ") - 1


@pytest.mark.parametrize(("who", "key", "fields", "identity"), ROWS)
def test_each_row_bills_its_caller(who: str, key: str, fields: str, identity: str) -> None:
    """And somebody who is not in the map is nobody."""
    version = {
        "effectiveFrom": "2020-01-01T00:00:00Z",
        "meters": [{"id": "api_calls", "metricName": "API Calls"}],
        "customers": {identity: "cus_acme"} if identity else {},
        "accessLogs": {"/group": {"fields": json.loads(fields)}},
    }
    configuration = read_configuration(json.dumps({"versions": [version]}).encode())
    ours = {"v", "customerId", "apiKeyId", "principalId", "tenantId", "keyId"}
    line = {name: said for name, said in FIELDS.items() if name not in ours}
    lines = [line | {key: said} for said in (identity or "cus_acme", "somebody else")]
    events = [{"message": json.dumps(one), "timestamp": REQUEST_TIME_MS} for one in lines]
    found = AccessLogSource(REGION).sort(
        LogDelivery("123456789012", "/group", "stream", events), configuration, REQUEST_TIME_MS
    )
    assert [json.loads(text)["customerId"] for text in found.event_texts] == ["cus_acme"], who
    (refused,) = found.quarantined
    assert refused.why.reason in {"no_customer", "customer_malformed"}
