"""Everything of a deployment that a trace asks, found by its outputs."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.config import Config

from functions.adapters.ledger import Ledger
from functions.metering.configuration.source_declaration import SourceDeclaration
from functions.metering.settings import customer_header
from functions.operator.aws_session import aws_session
from functions.operator.configuration_commands.configuration_store import open_store
from functions.operator.counter_commands.stack import Stack, counters_of
from functions.operator.deployment.deployment import Deployment, TargetError, account_of
from functions.operator.explain.explanation import ExplainTerms
from functions.operator.messages.dead_letters import DeadLetters
from functions.operator.messages.opened_queue import QueueName, open_letters
from functions.operator.messages.queue_depth import queue_depth
from functions.operator.trace.deployed_configurations import DeployedConfigurations
from functions.operator.trace.log_search import LogSearch
from functions.operator.trace.quarantine_search import QuarantineSearch
from functions.operator.trace.searched_log import SearchedLog

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# CloudWatch's quota is the account's: others ask too, and are waited for.
_PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 6})
# Versions of the configuration that are read: as many as metering looks through.
VERSIONS = 20


@dataclass(frozen=True, slots=True)
class TracedDeployment:
    """Readers of all its places. `terms` are those of today's configuration."""

    found: Deployment
    s3: "S3Client"
    ledger: Ledger
    quarantine: QuarantineSearch
    stack: Stack
    configurations: DeployedConfigurations
    terms: ExplainTerms

    @property
    def ledger_bucket(self) -> str:
        return self.stack.ledger_bucket

    def dead_letters(self) -> DeadLetters:
        """To be used in a `with`."""
        return open_letters(self.found, QueueName.USAGE)

    def waiting(self) -> int:
        """Messages of UsageQueue."""
        client = aws_session(self.found.region).client("sqs")
        return queue_depth(client, self.found.output("UsageQueueUrl")).messages

    def log(self, source: str | None, seconds: float, tell: Callable[[str], None]) -> SearchedLog:
        """TargetError where there is nothing to search."""
        client = aws_session(self.found.region).client("logs", config=_PATIENT)
        account = account_of(self.found.output("ReconciliationFunctionArn"))
        search = LogSearch(client, account, time.monotonic() + seconds)
        return SearchedLog(search, self._sources(source), self.terms, tell)

    def _sources(self, name: str | None) -> tuple[SourceDeclaration, ...]:
        sources = self.terms.configuration.sources
        if not sources:
            raise TargetError("the deployment meters no log group: declare one in sources")
        chosen = tuple(one for one in sources if name in {None, one.name})
        if not chosen:
            known = ", ".join(one.name for one in sources)
            raise TargetError(f"--source {name}: the deployment's sources are {known}")
        return chosen


def traced_deployment(found: Deployment, tenant_header: str) -> TracedDeployment:
    """TargetError names an output that it does not have."""
    s3 = aws_session(found.region).client("s3")
    configurations = DeployedConfigurations(open_store(found), VERSIONS)
    stack = counters_of(found)
    terms = ExplainTerms(
        configuration=configurations.now.configuration,
        account_id=None,
        region=found.region,
        now_ms=time.time_ns() // 1_000_000,
        tenant_header=customer_header(tenant_header),
    )
    return TracedDeployment(
        found=found,
        s3=s3,
        ledger=Ledger(s3, stack.ledger_bucket),
        quarantine=QuarantineSearch(s3, found.output("QuarantineBucketName")),
        stack=stack,
        configurations=configurations,
        terms=terms,
    )
