"""What a process holds before its first request: Lambda may start many from one snapshot of it."""

import subprocess
import sys

_IMPORT = """
import random, socket, ssl
made = []
class Counted(socket.socket):
    def __init__(self, *words, **named):
        made.append("socket")
        super().__init__(*words, **named)
socket.socket = Counted
create = ssl.create_default_context
ssl.create_default_context = lambda *words, **named: made.append("tls") or create(*words, **named)
state = random.getstate()
from functions.authorizer import handler
print(made, handler._wired.cache_info().currsize, random.getstate() == state)
"""

_DRAWS = """
import random
from functions.authorizer import authorize
draw = authorize.Authorizer.__dataclass_fields__["draw"].default
snapshot = random.getstate()
for _ in range(2):
    random.setstate(snapshot)
    print(*(draw() for _ in range(4)))
"""


def output(code: str) -> str:
    """Of a process without any environment, as an artifact is loaded for a snapshot."""
    return subprocess.run(
        [sys.executable, "-c", code], env={}, capture_output=True, text=True, check=True
    ).stdout


def test_nothing_is_connected_wired_or_drawn_before_the_first_request() -> None:
    """No socket, no TLS, no settings read: what a snapshot keeps is code."""
    assert output(_IMPORT).strip() == "[] 0 True"


def test_two_processes_of_one_snapshot_draw_differently() -> None:
    """A process that is copied goes on with its random state: all copies would let the same calls
    of a throttled customer pass.
    """
    first, second = output(_DRAWS).splitlines()
    assert len(first.split()) == 4
    assert not set(first.split()) & set(second.split())
