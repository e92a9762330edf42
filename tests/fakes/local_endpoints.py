"""`endpoints.json`, as a running local cloud writes it, of services that a test made."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.local.ministack import REGION

NO_MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:none"


def write_endpoints(folder: Path, environment: Mapping[str, str], **changes: Any) -> Path:
    """The file. What is not given is there and leads nowhere."""
    names = ("usage", "usage_dead_letter", "settled", "counter_dead_letter")
    found = {
        "api_url": "http://127.0.0.1:9/demo",
        "region": REGION,
        "access_log_group": "log",
        "deployed_sources": "log=access:log",
        "ledger_bucket": "ledger",
        "quarantine_bucket": "quarantine",
        "configuration_bucket": "configuration",
        "queues": {name: f"https://q/{name}" for name in names},
        "functions": {"reconciliation": "arn:reconciliation"},
        "state_machines": dict.fromkeys(("replay", "audit"), NO_MACHINE),
        "aws_environment": dict(environment),
        "customers": [{"customer_id": "cus_acme", "headers": {"Authorization": "Bearer cus_acme"}}],
        **changes,
    }
    file = folder / "endpoints.json"
    file.write_text(json.dumps(found))
    return file
