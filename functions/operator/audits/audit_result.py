"""An audit's execution that has ended comes in; its whole report, or why there is none, leaves."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from functions.audit.repair.metered_record import RUNS_PREFIX
from functions.operator.aws_session import aws_session
from functions.operator.aws_words import in_plain_words
from functions.operator.deployment.deployment import Deployment
from functions.operator.executions.machine_runs import RunEnd

type Report = Mapping[str, Any]


class AuditResultFound(NamedTuple):
    """`report` is empty where none was written; `place` is where the whole of it stands;
    `shortened`: why it is the short one that the execution tells, else empty.
    """

    report: Report
    place: str = ""
    shortened: str = ""

    @property
    def is_closed(self) -> bool:
        """Whether all of it was looked at, and nothing is missing any more."""
        if not self.report or self.report["trouble"]:
            return False
        return not (self.report["windows"]["left"] or self.report["requests"]["stillMissing"])


def found_result(deployment: Deployment, name: str, end: RunEnd) -> AuditResultFound:
    """Of one that stopped early, too: its cause says that there is a report."""
    bucket, key = deployment.output("LedgerBucketName"), f"{RUNS_PREFIX}{name}/report.json"
    place = f"s3://{bucket}/{key}"
    if end.output.get("reportUri") != place and place not in end.cause:
        return AuditResultFound({})
    try:
        s3 = aws_session(deployment.region).client("s3")
        return AuditResultFound(
            json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()), place
        )
    except (BotoCoreError, ClientError) as error:
        # Who may start an audit need not be let at the ledger's bucket.
        short = end.output.get("report")
        report = short if isinstance(short, Mapping) else {}
        return AuditResultFound(report, place, in_plain_words(error))
