"""The worlds in which the protocol is explored, and the variants that must be caught."""

from functools import partial

from tests.model.counting import Counting

# Everything that can happen to two events, delivered twice to two workers.
SMALL_WORLDS = {
    "a failover to an older copy, a repairer": Counting(repairers=1, reads=1),
    "two overlapping repairers": Counting(failovers=0),
}
# More than a million states: `make model`.
LARGE_WORLDS = {
    "a failover, a FLUSHALL, a repairer that repairs twice": Counting(repairers=1, flushes=1),
}

_no_repair = partial(Counting, repairing="none", failovers=0, reads=0, repairers=0)
_one_repair = partial(Counting, failovers=0, reads=1, repairers=1)

BROKEN = {
    "add without a mark": _no_repair(settling="add"),
    "mark, then add": _no_repair(settling="mark_add"),
    "add, then mark": _no_repair(settling="add_mark"),
    "a record in progress, the effect, completed": _no_repair(settling="in_progress"),
    "repair by setting the ledger's sum": _one_repair(repairing="blind"),
    "repair by the greater of both": _one_repair(repairing="max"),
    "repair under a new epoch": _one_repair(settling="epoch_settle", repairing="epoch"),
    "repair by the ledger's sum and its marks": _one_repair(repairing="ledger_marks"),
    # Beyond the eight: what would break our own.
    "no repair after a failover": Counting(repairing="none", reads=0, repairers=0),
    "count into a closed hour": Counting(counts_into_closed=True),
    "forget marks of an hour that is open again": Counting(
        forgets_open_hours=True, flushes=1, failovers=0, repairers=1, reads=1
    ),
}
