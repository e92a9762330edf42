"""Valkey comes back without what it had: empty, or with an older copy. The documented road follows
(docs/how-to/rebuild-counters.md): a rebuild by the operator's command, while usage goes on.
"""

import subprocess
import sys

from redis import Redis

from functions.usage.quota import tenant_key
from tests.kills.killable_cloud import STACK, KillableCloud
from tests.kills.killer import Killer
from tests.local.endpoints import ROOT
from tests.local.reaped_process import ending, start_process

REBUILD_SECONDS = 900


class LossError(RuntimeError):
    """The road did not lead where it is said to lead."""


def lose_counters(cloud: KillableCloud, killer: Killer) -> str:
    """What it came back with."""
    to_copy = cloud.has_copy

    def swap() -> None:
        cloud.lose_counters(to_copy=to_copy)

    killer.kill_valkey(while_dead=swap)
    if not to_copy and _has_generation(cloud):
        raise LossError("an empty Valkey has a generation: somebody opened it")
    _rebuild(cloud)
    if not _has_generation(cloud):
        raise LossError("rebuilt, and there is no generation")
    return "an older copy" if to_copy else "nothing"


def _rebuild(cloud: KillableCloud) -> None:
    log_file = cloud.directory / "rebuild.log"
    words = ["-m", "functions.operator", "rebuild", "--stack", STACK, "--yes"]
    with log_file.open("ab") as log:
        command = start_process(
            [sys.executable, *words], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
        )
    with ending(command):
        if command.wait(REBUILD_SECONDS):
            raise LossError(f"the rebuild failed: {log_file.read_text()[-2000:]}")


def _has_generation(cloud: KillableCloud) -> bool:
    with Redis.from_url(cloud.endpoints.redis_url) as client:
        return bool(client.exists(tenant_key(cloud.api.tenant_id, "generation")))
