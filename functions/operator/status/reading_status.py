"""A deployment comes in; how it is now leaves, within seconds.

Guaranteed: it changes nothing, and what AWS does not say is told in `not_read` and stops no other
part.
"""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from functions.operator.aws_words import in_plain_words
from functions.operator.deployment.deployment import Deployment
from functions.operator.deployment.stack_resources import stack_resources
from functions.operator.status.alarm_statuses import alarm_statuses
from functions.operator.status.audited_status import audited_status
from functions.operator.status.forwarder_status import forwarder_status
from functions.operator.status.kept_status import CountedKept, quarantined, set_aside
from functions.operator.status.metric_readings import MetricReadings, newest_readings, with_ages
from functions.operator.status.queue_statuses import queue_statuses
from functions.operator.status.run_statuses import last_run
from functions.operator.status.stack_status import KeptStatus, StackStatus, StatusPart
from functions.operator.status.status_clients import status_clients
from functions.usage.errors import UsageError
from functions.usage.moment import iso_from_epoch_ms

# One for each part below: some wait for the answer of another.
_THREADS = 10


def read_status(found: Deployment, earlier: StackStatus | None = None) -> StackStatus:
    """`earlier` is of the same deployment: while UsageDeadLetterQueue has as many messages, their
    classes are those of then.
    """
    aws, told = status_clients(found.region), _Told()
    taken_at = iso_from_epoch_ms(time.time_ns() // 1_000_000)
    with ThreadPoolExecutor(_THREADS) as pool:
        resources = pool.submit(stack_resources, aws.cloudformation, found.stack)
        queues = pool.submit(queue_statuses, aws.sqs, found)
        replay = pool.submit(last_run, aws.stepfunctions, found, "ReplayStateMachineArn")
        audit = pool.submit(last_run, aws.stepfunctions, found, "AuditStateMachineArn")
        audited = pool.submit(audited_status, aws.s3, found)
        alarms = pool.submit(lambda: alarm_statuses(aws.cloudwatch, resources.result()))
        forwarder = pool.submit(lambda: forwarder_status(aws.logs, resources.result()))
        readings = pool.submit(lambda: newest_readings(aws, found, resources.result()))
        quarantine = pool.submit(quarantined, aws.s3, found)
        letters = pool.submit(
            lambda: set_aside(aws.sqs, found, queues.result(), replay.result(), earlier)
        )
    depths = told.unless("queues", queues, ())
    measured = told.unless(StatusPart.LAG, readings, MetricReadings({}, None))
    by_reason = told.counted(StatusPart.QUARANTINE, quarantine)
    by_class = told.counted(StatusPart.SET_ASIDE, letters)
    return StackStatus(
        place=found.name,
        region=found.region,
        taken_at=taken_at,
        queues=with_ages(depths, measured),
        alarms=told.unless(StatusPart.ALARMS, alarms, ()),
        forwarder=told.unless(StatusPart.FORWARDER, forwarder, None),
        kept=KeptStatus(sum(by_reason.values()), by_reason, by_class),
        lag_seconds=measured.lag,
        last_replay=told.unless(StatusPart.REPLAY, replay, None),
        last_audit=told.unless(StatusPart.AUDIT, audit, None),
        audited=told.unless(StatusPart.AUDITED, audited, None),
        not_read=tuple(told.not_read),
    )


@dataclass(slots=True)
class _Told:
    """What parts found; of one that failed, why."""

    not_read: list[str] = field(default_factory=list)

    def unless[Found, Else](self, what: str, part: "Future[Found]", nothing: Else) -> Found | Else:
        """`nothing` where it failed."""
        try:
            return part.result()
        except (BotoCoreError, ClientError) as error:
            self.not_read.append(f"{what}: {in_plain_words(error)}")
        except UsageError as error:
            self.not_read.append(f"{what}: {error}")
        except (
            LookupError,
            TypeError,
            ValueError,
        ) as error:  # of another version, or no record at all
            self.not_read.append(f"{what}: cannot be understood ({error!r})")
        return nothing

    def counted(self, what: str, part: "Future[CountedKept]") -> dict[str, int]:
        found = self.unless(what, part, CountedKept({}))
        if found.left_out:
            self.not_read.append(f"{what}: {found.left_out}")
        return dict(found.by_name)
