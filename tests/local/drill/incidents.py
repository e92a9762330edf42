"""The incidents that can be practised, by name. The names say what the alarms say."""

from collections.abc import Mapping

from tests.local.drill import (
    bad_document,
    changed_format,
    deleted_filter,
    emptied_counters,
    gone_metric,
    wrong_key,
)
from tests.local.drill.incident import Incident

_ALL = (
    Incident("set-aside", "UsageDeadLetterAlarm", gone_metric.cause, gone_metric.figure),
    Incident("drift", "SchemaDriftAlarm", changed_format.cause, changed_format.figure),
    Incident(
        "configuration",
        "ConfigurationRefusedAlarm",
        bad_document.cause,
        bad_document.figure,
        bad_document.left,
    ),
    Incident("silent-source", "SourceSilentAlarm", deleted_filter.cause, deleted_filter.figure),
    Incident(
        "unknown-state",
        "CounterStateUnknownAlarm",
        emptied_counters.cause,
        emptied_counters.figure,
        emptied_counters.left,
        left_settles=True,  # the call of the check itself is counted before the ledger has it
    ),
    Incident("old-usage", "UsageAgeWarningAlarm", wrong_key.cause, wrong_key.figure),
)
INCIDENTS: Mapping[str, Incident] = {one.name: one for one in _ALL}
