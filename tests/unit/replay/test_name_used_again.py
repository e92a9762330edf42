"""Step Functions gives a name free 90 days after its execution ended; what stands in S3 under
`replays/<name>/` stays for 400.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.adapters.ledger import Ledger
from functions.replay.book import Bookkeeper, ReportTask
from functions.replay.limits import Moved, MoveTask
from functions.replay.manifest import HeldRow, Manifests
from functions.replay.usage_move import in_claims
from functions.usage.moment import DAY_MS
from tests.fakes.s3_objects import FakeBucket
from tests.fakes.set_aside_messages import NOW_MS, ledger_row, sent_row

NAME, STARTED = "try-ten", "2026-11-23T12:00:00Z"
OLD_HELD: HeldRow = {
    "messageId": "old",
    "receiptHandle": "old",
    "why": "not_chosen",
    "setAsideClass": "poison",
    "events": 1,
}


@dataclass
class Year(FakeBucket):
    """Tells when each object was written: from `today` on, or in August."""

    today: bool = False
    written: dict[str, datetime] = field(default_factory=dict)

    def put_object(self, **asked: Any) -> None:
        super().put_object(**asked)
        started = datetime(2026, 11, 23, 12, tzinfo=UTC)
        # The first seconds of a replay, by a clock of S3's that is behind.
        self.written[asked["Key"]] = started - timedelta(seconds=5 if self.today else 91 * 86_400)

    def paginate(self, **asked: str) -> Any:
        for page in super().paginate(**asked):
            names = [entry["Key"] for entry in page["Contents"]]
            yield {"Contents": [{"Key": one, "LastModified": self.written[one]} for one in names]}


def a_year() -> Any:
    """Of a replay in August that moved ten, held one, and set its events aside again."""
    bucket = Year()
    august = Manifests(bucket, "bucket", NAME, STARTED_AT)  # type: ignore[arg-type]
    august.put_moving("000001-old-000", [f"m{number}" for number in range(10)])
    august.put_sent("000001-old-000", [sent_row(number) for number in range(10)])
    august.put_sent("000001-old-000", [sent_row(number) for number in range(10)], dry_run=True)
    august.put_held("000001-old-000", [OLD_HELD])
    rows = [ledger_row(n, replay_id=NAME, set_aside_class="config") for n in range(10)]
    Ledger(bucket, "bucket").append(rows, "20260824T120000000Z-a")  # type: ignore[arg-type]
    bucket.today = True
    return bucket


STARTED_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_round_does_not_count_what_an_older_replay_moved() -> None:
    """It said that it moved ten, and moved none."""
    manifests = Manifests(a_year(), "bucket", NAME, STARTED_AT)
    order = {"maxMessages": 10}
    task = MoveTask.model_validate(
        {
            "replayId": NAME,
            "startedAt": STARTED,
            "round": 1,
            "order": order,
            "seeAtMost": 50,
            "moveAtMost": 10,
        }
    )
    claims: list[str] = []

    def move_claim(_: MoveTask, name: str, wanted: int) -> Moved:
        claims.append(name)
        manifests.put_moving(name, [f"new{number}" for number in range(wanted)])
        return Moved(messages=wanted, seen=wanted)

    assert in_claims(manifests, task, "000001-new", lambda: True, move_claim).messages == 10
    assert claims == ["000001-new-000"]
    assert manifests.held_ids(2) == set()
    # A second try of this replay's own round: what the first did counts.
    again = in_claims(manifests, task, "000001-again", lambda: True, move_claim)
    assert (again.messages, claims) == (10, ["000001-new-000"])


def test_a_report_is_of_this_replay_only() -> None:
    """Neither what an older one sent nor what became of it then."""
    bucket = a_year()
    manifests = Manifests(bucket, "bucket", NAME, STARTED_AT)
    manifests.put_sent("000001-new-000", [sent_row(1), sent_row(11)])
    Ledger(bucket, "bucket").append([ledger_row(11, replay_id=NAME)], "20261123T120001000Z-a")
    bookkeeper = Bookkeeper(
        Ledger(bucket, "bucket"), manifests, None, DAY_MS, lambda: datetime.fromtimestamp(0, UTC)
    )
    report = bookkeeper.report(task(), NOW_MS, lambda: True)["report"]
    found = {fate: number for fate, number in report["events"].items() if number}
    assert found == {"sent": 2, "replayed": 1, "outstanding": 1}
    assert report["messages"]["left"] == []
    assert report["startedAt"] == "2026-11-23T12:00:00.000Z"


def test_what_an_older_replay_of_the_name_confirmed_is_not_this_one_s() -> None:
    """It was billed then."""
    bucket = a_year()
    bucket.today = False
    old = {**ledger_row(12, replay_id=NAME), "settledAt": "2026-08-24T12:00:00.000Z"}
    Ledger(bucket, "bucket").append([old], "20260824T120000000Z-b")  # type: ignore[list-item]
    bucket.today = True
    manifests = Manifests(bucket, "bucket", NAME, STARTED_AT)
    manifests.put_sent("000001-new-000", [sent_row(12)])
    bookkeeper = Bookkeeper(
        Ledger(bucket, "bucket"), manifests, None, DAY_MS, lambda: datetime.fromtimestamp(0, UTC)
    )
    report = bookkeeper.report(task(), NOW_MS, lambda: True)["report"]
    assert report["events"]["alreadyConfirmed"] == 1


def task() -> ReportTask:
    return ReportTask.model_validate(
        {
            "replayId": NAME,
            "order": {"source": "quarantine"},
            "startedAt": STARTED,
            "trouble": "",
            "progress": {"waitingAtStart": 1, "messages": 1},
        }
    )
