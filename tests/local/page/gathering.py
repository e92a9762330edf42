"""Everything of a running local cloud is asked what the page shows; one `Glance` leaves each time.

Guaranteed: it reads only, receives no message of a queue, and reads a log or the ledger once. A
part that does not answer stands in `not_read`, with why, and hides no other.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
from botocore.exceptions import BotoCoreError, ClientError
from redis.exceptions import RedisError

from functions.adapters.ledger import Ledger
from functions.operator.aws_words import in_plain_words
from functions.usage.errors import UsageError
from functions.usage.metric import Metric
from functions.usage.moment import iso_from_epoch_ms
from tests.local.dashboard.queue_samples import HELD, HIDDEN, VISIBLE
from tests.local.deploy import physical_ids
from tests.local.page.alarm_rows import alarm_rows
from tests.local.page.counter_bars import counter_bars
from tests.local.page.glance import AforoSide, GatewaySide, Glance, QueueLevel
from tests.local.page.kept_reading import by_reason, quarantined, set_aside
from tests.local.page.log_tail import LogTail
from tests.local.page.metered_stages import MeteredStages, sources_of
from tests.local.page.places import Places
from tests.local.page.request_book import RequestBook
from tests.local.page.run_reports import LastRun, audit_report, replay_report

# Whose lines tell a figure of the walk; the gateway's witness says what the authorizer decided.
GROUPS = ("MeteringLogGroup", "ForwarderLogGroup", "ReconciliationLogGroup")
# As the dashboard in the template asks for them.
FIGURES = (
    (Metric.REQUESTS_BILLED, "metering"),
    (Metric.REQUESTS_EXCLUDED, "metering"),
    (Metric.POSTS, "forwarder"),
    (Metric.EVENTS_CONFIRMED, "forwarder"),
    (Metric.EVENTS_HELD, "forwarder"),
    (Metric.EVENTS_COUNTED, "reconciliation"),
)
LATEST_REQUESTS = 12
WITNESS_PAGE = 5_000
# Names of the ledger sort by hour, not by when they were written: the last minutes are read again.
WRITTEN_AGAIN = timedelta(minutes=2)


class Gatherer:
    """Of one cloud; keeps what was read before."""

    def __init__(self, places: Places) -> None:
        self._places = places
        metered = MeteredStages(
            frozenset(
                physical_ids(places.endpoints.stack_name, "AWS::ApiGateway::RestApi").values()
            ),
            lambda: sources_of(places.deployment),
        )
        self._book = RequestBook(places.account, places.endpoints.region, metered.has)
        self._log = LogTail(places.logs, [places.ids[name] for name in GROUPS])
        self._ledger = Ledger(places.s3, places.endpoints.ledger_bucket)
        self._replay = LastRun(places.replays, replay_report)
        self._audit = LastRun(places.audits, audit_report(places.deployment))
        self._after = 0
        self._objects: set[str] = set()
        self._read_at: datetime | None = None
        self._not_read: list[str] = []

    def look(self) -> Glance:
        """Everything as it is now."""
        self._not_read = []
        places, now = self._places, datetime.now(UTC)
        self._part("logs", self._log.look, None)
        gateway = self._part("gateway", self._served, GatewaySide())
        self._part("ledger", lambda: self._read_ledger(now), None)
        tenant, first = places.endpoints.tenant_id, places.endpoints.customers
        names = [one.customer_id for one in first]
        return Glance(
            taken_at=iso_from_epoch_ms(int(now.timestamp() * 1000)),
            gateway=gateway,
            aforo=self._part("Aforo stand-in", self._aforo, AforoSide()),
            queues=self._part("queues", self._queues, {}),
            billing=dict(self._book.counts),
            unmetered=self._book.unmetered,
            ledger=self._book.outcomes(),
            metrics={(m, service): self._log.total(m, service) for m, service in FIGURES},
            held=by_reason(self._log.by_reason(Metric.EVENTS_HELD, "forwarder")),
            excluded=by_reason(self._log.by_reason(Metric.REQUESTS_EXCLUDED, "metering")),
            set_aside=set_aside(self._book.set_aside()),
            quarantined=self._part(
                "quarantine",
                lambda: quarantined(places.s3, places.endpoints.quarantine_bucket),
                (),
            ),
            customers=self._part(
                "counters", lambda: tuple(counter_bars(places.redis, tenant, names)), ()
            ),
            requests=tuple(self._book.latest(LATEST_REQUESTS)),
            alarms=self._part("alarms", lambda: alarm_rows(places.cloudwatch, places.alarms), ()),
            last_replay=self._part("replay", self._replay.look, None),
            last_audit=self._part("audit", self._audit.look, None),
            lag_seconds=self._log.newest(Metric.LAG, "reconciliation"),
            not_read=tuple(self._not_read),
        )

    def _part[Found](self, name: str, read: Callable[[], Found], otherwise: Found) -> Found:
        try:
            return read()
        except (BotoCoreError, ClientError) as error:
            why = in_plain_words(error)
        except (httpx.HTTPError, RedisError, UsageError, ValueError) as error:
            why = " ".join(str(error).split()) or type(error).__name__
        self._not_read.append(f"{name}: {why}")
        return otherwise

    def _served(self) -> GatewaySide:
        counts = self._places.witness()
        while True:
            page = self._places.witness(f"/requests?after={self._after}&limit={WITNESS_PAGE}")
            for served in page["requests"]:
                self._book.add_served(served)
            self._after = page["next"]
            if len(page["requests"]) < WITNESS_PAGE:
                break
        return GatewaySide(
            counts["served"], counts["logged"] - counts["flushed"], counts["by_status"]
        )

    def _read_ledger(self, now: datetime) -> None:
        names = list(self._ledger.names("ledger/", since=self._read_at))
        new = [name for name in names if name not in self._objects]
        for name, rows in self._ledger.read_each(new):
            self._book.add_rows(rows)
            self._objects.add(name)
        self._read_at = now - WRITTEN_AGAIN

    def _aforo(self) -> AforoSide:
        book, faults = self._places.aforo.ledger(), self._places.aforo.faults()
        lasting = [one for one in faults if one["remaining"] is None or one["remaining"] > 0]
        return AforoSide(
            accepted=book["accepted"],
            faults=tuple(_fault_words(one) for one in lasting),
            is_down=any(one["remaining"] is None and "match" not in one for one in lasting),
        )

    def _queues(self) -> dict[str, QueueLevel]:
        return {name: self._level(url) for name, url in self._places.endpoints.queues.items()}

    def _level(self, url: str) -> QueueLevel:
        told = self._places.sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=[VISIBLE, HIDDEN, HELD]
        )["Attributes"]
        return QueueLevel(int(told[VISIBLE]), int(told[HIDDEN]) + int(told[HELD]))


def _fault_words(fault: dict[str, object]) -> str:
    words = [str(fault["kind"]).replace("_", " "), str(fault.get("status", ""))]
    left = fault["remaining"]
    return " ".join([*filter(None, words), *([f"({left} more)"] if left else [])])
