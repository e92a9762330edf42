"""`make soak-audit [LINES=1000000]`: one window of so many log lines compared with the ledger.

Metering, ledger, quarantine and comparison are real, in this process and over buckets in memory;
the log is made up line by line. 0.1 % of the requests are missing, others set aside, excluded or
quarantined. Then what is missing is metered again, and nothing is missing any more.
"""

import argparse
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

from functions.audit.comparison.comparing import Compared
from tests.fakes.served_window import SOURCE, ServedWindow, number_of

_PROCESS = Path("/proc/self")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make soak-audit", description=__doc__)
    parser.add_argument("lines", nargs="?", type=int, default=1_000_000)
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    served = ServedWindow(options.lines)
    _timed("metered and settled", options.lines, served.settle)
    rows = sum(map(len, served.bucket.objects.values()))
    _say(f"ledger: {len(served.bucket.objects):,} objects, {rows / 1e6:.1f} MB")
    before = _forget_peak()
    found = _timed("audited", options.lines, lambda: _compare(served))
    grown = _peak() - before
    _say(f"memory: {before / 1e6:.0f} MB before, at most {grown / 1e6:.1f} MB more,")
    _say(f"        {grown / options.lines:.0f} bytes a line of {len(served.event(0)['message'])}")
    _say(str(found.record.equation.totals()))
    missing = {number_of(line) for one in found.missing for line in one.lines}
    is_exact = missing == served.missing() and found.record.equation == served.served()
    _say(f"{len(missing):,} missing, {'exactly' if is_exact else 'NOT'} those that were left out")
    served.settle(sorted(missing))
    again = _timed("and again", options.lines, lambda: _compare(served))
    is_closed = again.record.equation.is_closed and not again.missing
    _say("closed" if is_closed else "NOT CLOSED")
    return 0 if is_exact and is_closed else 1


def _compare(served: ServedWindow) -> Compared:
    return served.comparing().compare(SOURCE, served.window, with_lines=True)


def _timed[Result](what: str, lines: int, work: Callable[[], Result]) -> Result:
    began, cpu = time.monotonic(), time.process_time()
    result = work()
    seconds, busy = time.monotonic() - began, time.process_time() - cpu
    rate = lines / seconds
    _say(f"{what} in {seconds:.1f} s ({busy:.1f} s of CPU), {rate:,.0f} lines a second")
    return result


def _forget_peak() -> int:
    """What is resident now, in bytes; peaks are counted from here on."""
    (_PROCESS / "clear_refs").write_text("5")
    return _peak()


def _peak() -> int:
    lines = (_PROCESS / "status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
