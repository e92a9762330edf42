"""Which sources there are: the reconcile state machine asks, and puts a heartbeat into each.

Answered by metering, so that the list is the one that requests are metered by, also while a version
of it is refused. Where metering has nothing to meter by it raises: no heartbeat is put then, and
the lag grows, as it should.
"""

from datetime import datetime

from functions.metering.configuration.source_declaration import SourceDeclaration
from functions.metering.configuration.version import Configuration

# CloudWatch Logs writes no such payload.
QUESTION = "listSources"


def asks_for_sources(payload: object) -> bool:
    """Whether a Lambda event is that question."""
    return isinstance(payload, dict) and payload.keys() == {QUESTION}


def source_list(configuration: Configuration, since: datetime | None) -> dict[str, object]:
    """The answer: each source's name, kind and log group, and its stage where one writes there; and
    since when the configuration stands in S3, null where there is none.
    """
    return {
        "sources": [_told(source) for source in configuration.sources],
        "configuredAt": since.isoformat() if since else None,
    }


def _told(source: SourceDeclaration) -> dict[str, object]:
    told: dict[str, object] = {
        "name": source.name,
        "logGroup": source.log_group,
        "kind": source.kind,
    }
    if stage := source.metered_stage:
        told |= {"apiId": stage.api_id, "stage": stage.stage}
    return told
