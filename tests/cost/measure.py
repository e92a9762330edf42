"""Measure what the price list is made of, and write it down: `python -m tests.cost.measure`.

Calls and bytes are the same everywhere. CPU is this machine's: cost.md says what that leaves
open, and how little of the bill it is.
"""

import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.far_end import set_environment
from tests.cost.measuring import measure_all
from tests.fakes.access_log_lines import LOG_GROUP
from tests.fakes.token_issuer import TENANT
from tests.local.foreground_server import foreground_server
from tests.local.valkey import start_valkey

MEASURED = Path(__file__).with_name("measured.json")


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as directory,
        start_valkey(Path(directory)) as valkey,
        foreground_server("tests.cost.far_end") as (_, url),
    ):
        set_environment(url)
        os.environ |= {
            "DEPLOYED_SOURCES": f"deployed=access:{LOG_GROUP}",
            "REDIS_URL": valkey.url,
            "AFORO_TENANT_ID": TENANT,
            "AFORO_ENVIRONMENT": "live",
            "AFORO_API_URL": url,
            "QUOTA_METER": "api_calls",
            "QUOTA_METRIC_NAME": "API Calls",
            "UNKNOWN_POLICY": "deny",
            "NO_GRANT_POLICY": "deny",
            "RESULT_TTL_SECONDS": "0",
            "HEADROOM_CAP_PERCENT": "5",
            "TENANT_HEADER": "tenant",
            "METRICS_NAMESPACE": "AforoMetering/aforo-metering",
            "METERING_FUNCTION_ARN": "arn:aws:lambda:eu-west-1:123456789012:function:metering",
            "HOLD_SECONDS": "50400",
            "DEDUP_WINDOW_SECONDS": "86400",
            "AUDIT_WINDOW_SECONDS": "300",
            "AUDIT_DELAY_SECONDS": "600",
            "AUDIT_SHARDS": "1",
            "AUDIT_STATE_MACHINE_ARN": "arn:aws:states:eu-west-1:123456789012:stateMachine:audit",
        }
        found = measure_all(url, valkey.url)
    found["measuredOn"] = datetime.now(UTC).date().isoformat()
    MEASURED.write_text(json.dumps(found, indent=1) + "\n")
    print(f"written: {MEASURED.name}; now `make cost` writes docs/explanation/cost.md")


if __name__ == "__main__":
    main()
