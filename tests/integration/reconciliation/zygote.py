"""`python -m tests.integration.reconciliation.zygote`: reconcilers that may be killed, quickly.

A line of JSON comes in: whom to connect to, what time it is, which bodies. A process is forked that
takes them as the Lambda would. Its pid leaves at once, and `end` when it is gone, however it went.
"""

import json
import os
import sys

from functions.reconciliation.counters.redis_scripts import connect
from tests.integration.reconciliation.fire import PATIENCE_SECONDS
from tests.integration.reconciliation.tenant import Tenant


def main() -> None:
    """Until stdin ends."""
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _take(asked["url"], asked["now_ms"], asked["bodies"])
        print(pid, flush=True)  # noqa: T201 - that is how it answers
        os.waitpid(pid, 0)
        print("end", flush=True)  # noqa: T201


def _take(url: str, now_ms: int, bodies: list[str]) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # logs go there
    try:
        with connect(url, socket_seconds=PATIENCE_SECONDS) as client:
            tenant = Tenant(client)
            tenant.now_ms = now_ms
            tenant.take_bodies(bodies)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
