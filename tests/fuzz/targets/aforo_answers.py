"""Aforo's answers to posts: every event gets one outcome, and no more is believed than is said."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from functions.forwarder.answer import LONGEST_WAIT_SECONDS, AcceptedPost, Verdict, judge
from functions.forwarder.delivery import BatchOutcome, deliver
from functions.forwarder.packing import KeyedEvent
from functions.forwarder.problem import Reply
from functions.usage.outcome import Confirmed, Held, SetAside
from tests.fakes.forwarding import keyed_events
from tests.fakes.open_gate import open_gate
from tests.fuzz.fuzzed_input import FuzzedInput
from tests.fuzz.target import Target, must

NOW = datetime(2026, 10, 2, 8, 0, tzinfo=UTC)
STATUSES = (200, 202, 204, 400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 503, 302, 100, 599)
SIZES = (1, 2, 3, 5, 8, 13)
ANSWER = "\x1e"


def check(data: bytes) -> None:
    """Each answer in turn, to a batch that is posted until all of it is settled."""
    fuzzed = FuzzedInput(data)
    size = fuzzed.one_of(SIZES)
    replies = [_reply(fuzzed.one_of(STATUSES), text) for text in fuzzed.rest.split(ANSWER)]
    batch = keyed_events(size)
    most = size * (math.ceil(math.log2(size + 1)) + 2) * 2 + 2
    posts: list[tuple[Reply, int]] = []
    taken: set[str] = set()

    def post(block: Sequence[KeyedEvent]) -> Verdict:
        reply = replies[len(posts) % len(replies)]
        posts.append((reply, len(block)))
        must(len(posts) <= most, "so many posts at most", len(posts), replies)
        verdict = judge(reply, len(block), NOW)
        if isinstance(verdict, AcceptedPost):
            _adds_up(reply, len(block))
            taken.update(one.key for at, one in enumerate(block) if at not in verdict.failed)
        return verdict

    done = deliver(batch, open_gate(post))
    must(done.outcomes.keys() == {one.key for one in batch}, "each event has one outcome", done)
    for key in taken:
        must(isinstance(done.outcomes[key], Confirmed), "what Aforo took is confirmed", key, done)
    _is_said(done, [reply for reply, _ in posts])


def _is_said(done: BatchOutcome, replies: Sequence[Reply]) -> None:
    statuses = {reply.status for reply in replies}
    successes = {status for status in statuses if status // 100 == 2}
    for outcome in done.outcomes.values():
        match outcome:
            case Confirmed():
                must(successes or 409 in statuses, "confirmed by an answer that says so", statuses)
            case SetAside():
                refusals = {400, 409, 413, 422} & statuses or successes
                must(refusals, "set aside by an answer that refuses", statuses, outcome)
            case Held(_, wait):
                must(0 <= wait <= LONGEST_WAIT_SECONDS, "a wait that can be waited", outcome)


def _adds_up(reply: Reply, size: int) -> None:
    """The answer accounts for every event, read in another way."""
    document = json.loads(reply.body)
    counts = document["data"] if isinstance(document.get("data"), dict) else document
    numbers = [counts.get(name, 0) for name in ("accepted", "duplicates", "failed")]
    must(sum(numbers) == size and min(numbers) >= 0, "counts that add up", reply, size)


def _reply(status: int, text: str) -> Reply:
    """Header lines, an empty one, a body."""
    head, _, body = text.rpartition("\n\n")
    headers = dict(_headers(head))
    return Reply(status, headers, body.encode("utf-8", "surrogateescape"))


def _headers(head: str) -> Iterable[tuple[str, str]]:
    for line in head.split("\n"):
        name, _, value = line.partition(":")
        yield name.strip().lower(), value.strip()


def seeds() -> Iterable[bytes]:
    """Aforo's own answers, and those of a proxy before it."""
    accepted = {"accepted": 3, "duplicates": 0, "failed": 0}
    errors = [{"index": 1, "error": "UNKNOWN_METRIC: GET /petz"}, {"index": 0, "code": "internal"}]
    problem: Mapping[str, object] = {
        "type": "https://x/validation",
        "title": "t",
        "detail": "VALIDATION_FAILED: x",
        "instance": "i",
        "errors": errors,
    }
    bodies: list[tuple[int, object]] = [
        (0, accepted),
        (0, {"success": True, "data": {"accepted": 1, "duplicates": 1, "failed": 1}}),
        (0, {"accepted": 1, "failed": 2, "errors": errors}),
        (0, {"accepted": 2, "failed": 1}),
        (3, problem),
        (8, {"code": "DUPLICATE"}),
        (9, {"message": "too large"}),
        (10, {"message": "unknown tenant", "errors": errors}),
        (11, {"retryAfter": 3}),
        (4, {"message": "Signature expired: x"}),
    ]
    for status, body in bodies:
        text = f"Retry-After: 7\nX-Request-Id: r\n\n{json.dumps(body)}"
        yield f"2{chr(ord('0') + status)}\n{text}".encode()
        again = json.dumps({"accepted": 1, "duplicates": 0, "failed": 0})
        yield f"3{chr(ord('0') + status)}00\n{text}{ANSWER}\n\n{again}{ANSWER}\n\n".encode()
    for date in ("Fri, 02 Oct 2026 08:00:30 GMT", "1e3", "inf", "-1", "nan", "1_0"):
        yield f"2{chr(ord('0') + 11)}\nRetry-After: {date}\n\n{{}}".encode()
    yield b"22\n\n"
    yield b"20\nX: y\n\n<html>"


WORDS = (
    *("accepted", "duplicates", "failed", "errors", "index", "error", "code", "message", "data"),
    *("detail", "title", "type", "instance", "retryAfter", "success", "Retry-After: ", "\x1e"),
    *("UNKNOWN_METRIC", "VALIDATION_FAILED", "internal", "duplicate", "tenant", "api key"),
    *("event_too_old", "event_in_future", "batch_too_large", "x-amzn-errortype: ", "x-request-id:"),
    *("SignatureDoesNotMatch", "Fri, 02 Oct 2026 08:00:30 GMT"),
)
TARGET = Target("aforo_answers", check, seeds, WORDS)
