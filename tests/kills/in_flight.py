"""How many kills hit an invocation under way: said afterwards by who waited for its answer, which
is ministack's log of its event source mappings, for the forwarder and reconciliation.
"""

import re
from collections.abc import Iterable

from tests.kills.log_deliveries import KILLED_AT_START, KILLED_AT_WORK


def killed_in_flight(log: Iterable[str], function: str) -> tuple[int, int]:
    """At work, and while its process started for an invocation."""
    failed = re.compile(rf"ESM: Lambda {re.escape(function)} failed processing SQS batch")
    lines = [line for line in log if failed.search(line)]
    at_work = sum(KILLED_AT_WORK in line for line in lines)
    return at_work, sum(KILLED_AT_START in line for line in lines)
