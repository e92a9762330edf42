"""`python -m tests.local.reaper`: what ends the servers of a process that is no more.

Lines come in on stdin: `+PID` leads a group of processes, `-PID` has been stopped or may live on,
`@FOLDER` keeps a list of processes. When the last who could write such a line is gone, however it
went, every group that is left is killed, and whatever the lists name.
"""

import sys
from dataclasses import replace
from pathlib import Path

from tests.local.process_group import kill_group
from tests.local.process_list import read_processes


def main() -> None:
    groups: set[int] = set()
    folders: set[Path] = set()
    for line in sys.stdin:
        kind, value = line[0], line[1:].removesuffix("\n")
        if kind == "+":
            groups.add(int(value))
        elif kind == "-":
            groups.discard(int(value))
        else:
            folders.add(Path(value))
    for group in groups:
        kill_group(group)
    # After the groups: a command that writes such a list may have been one of them.
    for folder in folders:
        for process in read_processes(folder):
            replace(process, group=True, patience_seconds=0).stop()


if __name__ == "__main__":
    main()
