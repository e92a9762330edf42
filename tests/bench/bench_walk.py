"""What a request takes from its log line to Aforo's answer, beside Aforo's own Lambda and Datadog's
forwarder where they are at hand (tests.bench.peers.peer): `python -m tests.bench.bench_walk`.

The handlers of metering and of the forwarder as deployed and warm, with boto3 and httpx talking to
`tests.bench.sink`; the peers take the same deliveries and talk to the same one. CPU of the measured
process alone. What Lambda itself does to receive and to acknowledge is not in it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import batched
from typing import Any, NamedTuple

from functions.forwarder.handler import handler as forward_handler
from functions.metering.access.source import AccessLogSource
from functions.metering.handler import handler as meter_handler
from tests.bench.alone import run_alone
from tests.bench.bench_execution_log import floor as envelope_floor
from tests.bench.bench_metering import bodies, floor
from tests.bench.deliveries import Payload, delivery, execution_delivery
from tests.bench.far_end import counted, far_end, taken
from tests.bench.figure import Figure, Spread, figures_of
from tests.bench.peers.peer import AFORO, Peer, peers_at
from tests.bench.rounds import Round, Scale, Work, cpu_us, in_turns
from tests.fakes.access_log_lines import REGION
from tests.fakes.forwarding import now_ms, sqs_record
from tests.fakes.lambda_context import lambda_context

STAGE, UNIT = "walk", "us an event"
EXECUTION_STAGE, EXECUTION_UNIT = "walk of execution logs", "us a request of 25 lines"
PEER_STAGE = "a delivery at the peers"
LINES = (1, 10, 100, 1_000, 10_000)
REQUESTS = (1, 10, 100, 400)
# A ratio of two processes needs more rounds than one of two works of one process. What takes half a
# second at a time has to do with fewer.
ROUNDS, FEWER_ROUNDS, EVENTS_A_TURN = 15, 9, 400
LEAST_TURNS, MOST_TURNS = 1, 20
# Of small deliveries the forwarder gets many at a time.
MANY, MOST_LINES_OF_MANY = 40, 100
# Lambda's event source gives it at most so much at a time.
MOST_MESSAGES, MOST_BYTES = 100, 6_000_000

METERING, FORWARDING, BOTH = "metering", "forwarding", "metering and forwarding"
FORWARDING_MANY, BOTH_MANY = f"forwarding, {MANY} deliveries at a time", f"both, {MANY} at a time"
FLOOR = "floor"

type Invocation = dict[str, Any]


class Setting(NamedTuple):
    """What every figure is taken in."""

    url: str
    peers: Mapping[str, Peer]
    scale: Scale


def figures(scale: Scale) -> Iterator[Figure]:
    with far_end() as url, peers_at(url) as peers:
        setting = Setting(url, peers, scale)
        for lines in scale.sizes(LINES):
            for name, peer in peers.items():
                yield from _calls_of(setting, name, peer, lines)
        for lines in scale.sizes(LINES):
            yield from _access(setting, lines)
        for requests in scale.sizes(REQUESTS):
            yield from _execution(setting, requests)


def _access(setting: Setting, lines: int) -> Iterator[Figure]:
    payload = delivery(lines, now_ms() - 60_000)
    _check_forwards(setting.url, payload, lines)
    works = _works(setting, payload, lines)
    times = ROUNDS if lines < LINES[-1] else FEWER_ROUNDS
    rounds = [_with_sums(one) for one in in_turns(works, setting.scale, times)]
    yield from figures_of(STAGE, lines, UNIT, rounds, _reference(setting))


def _execution(setting: Setting, requests: int) -> Iterator[Figure]:
    payload = execution_delivery(requests)
    turns = _turns(setting.scale, requests)
    meter = partial(meter_handler, payload, lambda_context("bench"))
    works = {
        FLOOR: cpu_us(partial(envelope_floor, payload), requests, turns),
        METERING: cpu_us(meter, requests, turns),
        **{name: one.cpu_us(payload, requests, turns) for name, one in setting.peers.items()},
    }
    for name, peer in setting.peers.items():
        sent = Spread.exactly(_events_sent(setting.url, peer, payload))
        yield Figure(EXECUTION_STAGE, f"{name}: events sent", requests, "", sent)
    rounds = in_turns(works, setting.scale, FEWER_ROUNDS)
    yield from figures_of(EXECUTION_STAGE, requests, EXECUTION_UNIT, rounds, _reference(setting))


def _events_sent(url: str, peer: Peer, payload: Payload) -> int:
    before = taken(url)
    peer.cpu_us(payload, 1)()
    return taken(url) - before


def _reference(setting: Setting) -> str:
    return AFORO if AFORO in setting.peers else FLOOR


def _turns(scale: Scale, lines: int) -> int:
    return 1 if scale.is_small else min(MOST_TURNS, max(LEAST_TURNS, EVENTS_A_TURN // lines))


def _works(setting: Setting, payload: Payload, lines: int) -> dict[str, Work]:
    turns, context = _turns(setting.scale, lines), lambda_context("bench")
    works = {
        FLOOR: cpu_us(partial(floor, payload), lines, turns),
        METERING: cpu_us(partial(meter_handler, payload, context), lines, turns),
        FORWARDING: cpu_us(_forwarding(invocations([payload])), lines, turns),
    }
    if lines <= MOST_LINES_OF_MANY:
        many = [delivery(lines, now_ms() - 60_000 - number) for number in range(MANY)]
        works[FORWARDING_MANY] = cpu_us(_forwarding(invocations(many)), MANY * lines)
    peers = {name: peer.cpu_us(payload, lines, turns) for name, peer in setting.peers.items()}
    return works | peers


def _with_sums(one: Round) -> Round:
    many = {BOTH_MANY: one[METERING] + one[FORWARDING_MANY]} if FORWARDING_MANY in one else {}
    return {**one, BOTH: one[METERING] + one[FORWARDING], **many}


def _forwarding(invocations: Sequence[Invocation]) -> Callable[[], None]:
    context = lambda_context("bench")

    def run() -> None:
        for invocation in invocations:
            forward_handler(invocation, context)

    return run


def invocations(payloads: Sequence[Payload]) -> list[Invocation]:
    """The forwarder's, of the messages that metering makes of these deliveries."""
    source = AccessLogSource(REGION)
    texts = [text for payload in payloads for text in bodies(source, payload, now_ms())]
    records = [
        sqs_record(text, message_id=str(place), sent_ms=now_ms())
        for place, text in enumerate(texts)
    ]
    at_a_time = min(MOST_MESSAGES, max(1, MOST_BYTES // max(map(len, texts))))
    return [{"Records": list(part)} for part in batched(records, at_a_time, strict=False)]


def _check_forwards(url: str, payload: Payload, lines: int) -> None:
    """A handler that holds everything would be cheap."""
    before = taken(url)
    _forwarding(invocations([payload]))()
    assert taken(url) == before + lines


def _calls_of(setting: Setting, name: str, peer: Peer, lines: int) -> Iterator[Figure]:
    """What it sends and logs of one delivery; and whether it sends all of it."""
    payload = delivery(lines, now_ms() - 60_000)
    peer.cpu_us(payload, lines)()  # its first may do more
    calls, logged = counted(setting.url), peer.log.stat().st_size
    assert _events_sent(setting.url, peer, payload) == lines
    after = counted(setting.url)
    for what in ("calls", "bytes"):
        value = sum(after[what].values()) - sum(calls[what].values())
        yield Figure(PEER_STAGE, f"{name}: {what}", lines, "", Spread.exactly(value))
    size = peer.log.stat().st_size - logged
    yield Figure(PEER_STAGE, f"{name}: bytes of log", lines, "", Spread.exactly(size))


if __name__ == "__main__":
    run_alone(figures, __doc__)
