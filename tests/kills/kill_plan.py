"""How many kills, and a seed, come in; who is killed when leaves. Pure."""

import random
from enum import StrEnum


class Victim(StrEnum):
    """Whose process is killed."""

    METERING = "metering"
    FORWARDER = "forwarder"
    RECONCILIATION = "reconciliation"
    VALKEY = "valkey"
    AFORO = "aforo"


# In twentieths. Both servers come back within a second or two, and stop everybody meanwhile.
_SHARES = {
    Victim.METERING: 5,
    Victim.FORWARDER: 6,
    Victim.RECONCILIATION: 5,
    Victim.VALKEY: 2,
    Victim.AFORO: 2,
}


def kill_plan(seed: int, kills: int) -> list[Victim]:
    """In the order of the kills; of a dozen and more each kind is one."""
    wanted = {victim: max(1, kills * share // 20) for victim, share in _SHARES.items()}
    wanted[Victim.FORWARDER] += max(0, kills - sum(wanted.values()))
    plan = [victim for victim, times in wanted.items() for _ in range(times)]
    random.Random(seed).shuffle(plan)
    return plan
