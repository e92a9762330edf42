"""How long requests took to be counted is told of what the counters took now, of nothing else."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest

from functions.adapters.telemetry import Telemetry
from functions.reconciliation.counters.usage_counters import Counted
from functions.reconciliation.heartbeats import HeartbeatReader
from functions.reconciliation.reconciling import Reconciliation
from functions.usage.errors import Retryable
from functions.usage.message import SettledUsage, to_body
from functions.usage.metric import NAMESPACE
from functions.usage.moment import epoch_ms_from_iso, iso_from_epoch_ms
from tests.local.metric_series import read_series, series_of

if TYPE_CHECKING:
    from functions.reconciliation.command_executor import CommandExecutor
    from functions.reconciliation.counters.rollback import RollbackGuard
    from functions.reconciliation.counters.statements import Watermark
    from functions.reconciliation.counters.usage_counters import CounterBatch, Counters

NOW_MS = epoch_ms_from_iso("2026-11-23T12:34:56Z")
AWAY = Retryable("away")
NEW = Counted(fresh=2, quantity=2, closed=0, used=None)
HALF_NEW = Counted(fresh=1, quantity=1, closed=0, used=None)
AGAIN = Counted(fresh=0, quantity=0, closed=0, used=None)
OF_CLOSED_HOUR = Counted(fresh=0, quantity=0, closed=2, used=None)


class Answering:
    """Counters, watermark and rollback guard at once, whose answers a test says."""

    def __init__(self, answers: Sequence[Counted | Retryable]) -> None:
        self._answers = iter(answers)

    def settle(self, batches: Sequence["CounterBatch"]) -> list[Counted | Retryable]:
        return [next(self._answers) for _ in batches]

    def look(self) -> None: ...

    def hold_back(self, since_ms: int, until_ms: int) -> None: ...


def usage(customer: str, *ages_ms: int) -> Iterator[SettledUsage]:
    for age_ms in ages_ms:
        yield {
            "key": f"{customer}-{age_ms}",
            "customerId": customer,
            "meter": "api_calls",
            "quantity": 1,
            "occurredAt": iso_from_epoch_ms(NOW_MS - age_ms),
        }


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ([NEW, NEW], [1, 2.5, 30, 4000]),
        ([AWAY, NEW], [30, 4000]),
        ([AGAIN, NEW], [30, 4000]),
        ([HALF_NEW, AWAY], [1, 2.5]),  # which of them was new the script does not say
        ([AWAY, OF_CLOSED_HOUR], [30, 4000]),  # late, and the next closing counts it
        ([AGAIN, AGAIN], []),
        ([AWAY, AWAY], []),
    ],
)
def test_what_was_counted_tells_its_age(
    answers: Sequence[Counted | Retryable],
    told: list[float],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Two customers in one message; what has to come again tells it when it is counted."""
    telemetry, places = Telemetry("reconciliation"), Answering(answers)
    reconciliation = Reconciliation(
        counters=cast("Counters", places),
        commands=cast("CommandExecutor", places),
        hearing=HeartbeatReader(cast("Watermark", places), telemetry, lambda: NOW_MS),
        rollback=cast("RollbackGuard", places),
        telemetry=telemetry,
        horizon=timedelta(days=35),
        clock=lambda: NOW_MS,
    )
    rows = [*usage("cus_1", 1_000, 2_401), *usage("cus_2", 30_000, 4_000_000)]
    body = to_body({"version": 1, "settled": rows})
    reconciliation.take([{"messageId": "a", "body": body}])
    capsys.readouterr()
    telemetry.flush()
    series = read_series(capsys.readouterr().out.splitlines())
    asked = series_of(NAMESPACE, "RequestToCounted", service="reconciliation")
    assert [point.value for point in series.get(asked, [])] == told
