"""Records of windows, and hours of the second witness, as audits leave them in a bucket."""

import json
from typing import Any

from functions.audit.equation import Equation, WindowRecord
from functions.audit.sources.witnessed_hour import WitnessedHour, witness_name
from functions.audit.window import AuditWindow
from functions.audit.window_store import WindowStore
from functions.usage.moment import epoch_ms_from_iso, iso_from_epoch_ms
from tests.fakes.s3_objects import FakeBucket

MINUTE_MS = 60_000
FIVE_MS = 5 * MINUTE_MS
START_MS = epoch_ms_from_iso("2026-11-28T08:00:00Z")


def windows(
    number: int, *, source: str = "orders", begin: int = 0, minutes: int = 5
) -> list[AuditWindow]:
    """So many, side by side; `begin` in minutes since START_MS."""
    first, length = START_MS + begin * MINUTE_MS, minutes * MINUTE_MS
    return [
        AuditWindow(source, first + at * length, first + (at + 1) * length) for at in range(number)
    ]


def keep(
    store: WindowStore, window: AuditWindow, equation: Equation, *, repairs: int = 0
) -> WindowRecord:
    """Looked at ten minutes after its end."""
    record = WindowRecord.model_validate(
        {
            "source": window.source,
            "logGroup": "/aws/apigateway/orders",
            "start": iso_from_epoch_ms(window.from_ms),
            "end": iso_from_epoch_ms(window.to_ms),
            "auditedAt": iso_from_epoch_ms(window.to_ms + 2 * FIVE_MS),
            "lines": equation.served,
            "equation": equation,
            "customers": {"cus_a": equation},
            "repairs": repairs,
        }
    )
    store.keep(window, record)
    return record


def keep_hour(store: WindowStore, hour: WitnessedHour) -> None:
    """As the source check keeps it."""
    store.s3.put_object(
        Bucket=store.bucket,
        Key=witness_name(hour.source, hour.hour_ms),
        Body=json.dumps({"version": 1, **hour.as_json()}).encode(),
    )


def fake_store() -> WindowStore:
    client: Any = FakeBucket()
    return WindowStore(client, "ledger")
