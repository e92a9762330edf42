"""From a batch and Aforo's answers to one outcome per event."""

from collections.abc import Callable, Sequence
from math import ceil, log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.forwarder.answer import NoAnswer
from functions.forwarder.delivery import BatchOutcome, deliver
from functions.forwarder.packing import KeyedEvent
from functions.forwarder.problem import Reply
from functions.usage.outcome import Confirmed, Held, SetAside, SetAsideClass
from tests.fakes.forwarding import (
    Answer,
    ScriptedAforo,
    accepted,
    always,
    in_turn,
    key,
    keyed_events,
    number_of,
    refusing,
    said,
)
from tests.fakes.open_gate import open_gate


def run(count: int, answer: Answer) -> tuple[BatchOutcome, ScriptedAforo]:
    aforo = ScriptedAforo(answer)
    return deliver(keyed_events(count), open_gate(aforo.post)), aforo


def set_aside_numbers(delivery: BatchOutcome, count: int) -> set[int]:
    return {n for n in range(count) if isinstance(delivery.outcomes[key(n)], SetAside)}


def asked_again_numbers(delivery: BatchOutcome, count: int) -> set[int]:
    """Those that were refused in words that blame nobody, which leaves no doubt."""
    outcomes = {n: delivery.outcomes[key(n)] for n in range(count)}
    refused = {n for n, one in outcomes.items() if isinstance(one, Held) and one.refusal}
    assert not any(getattr(outcomes[n], "ambiguous", False) for n in refused)
    return refused


def test_a_good_batch_is_one_post() -> None:
    """The common case costs one post."""
    delivery, aforo = run(100, accepted)
    assert set(delivery.outcomes.values()) == {Confirmed()}
    assert len(aforo.blocks) == delivery.posts == 1
    assert delivery.stopped is None


@given(count=st.integers(1, 200), data=st.data(), status=st.sampled_from([400, 409, 422]))
def test_exactly_the_bad_events_are_set_aside_within_the_bound(
    count: int, data: st.DataObject, status: int
) -> None:
    """K bad of n cost at most k * (ceil(log2 n) + 2) + 1 posts, and each was refused alone."""
    bad = data.draw(st.sets(st.integers(0, count - 1), min_size=1, max_size=min(count, 12)))
    delivery, aforo = run(count, refusing(bad, status=status))
    assert set_aside_numbers(delivery, count) == bad
    assert sum(o == Confirmed() for o in delivery.outcomes.values()) == count - len(bad)
    assert delivery.posts <= len(bad) * (ceil(log2(count)) + 2) + 1
    assert all([key(number)] in aforo.blocks for number in bad)


@given(count=st.integers(2, 200), data=st.data())
def test_the_posts_that_are_refused_for_one_bad_event(count: int, data: st.DataObject) -> None:
    """Finding one bad event of n takes at most log2(n) + 1 refused posts and the one alone."""
    bad = data.draw(st.integers(0, count - 1))
    answer = refusing({bad})
    refused = 0

    def counting(block: Sequence[KeyedEvent]) -> Reply | NoAnswer:
        nonlocal refused
        reply = answer(block)
        refused += isinstance(reply, Reply) and reply.status == 400
        return reply

    run(count, counting)
    assert refused <= ceil(log2(count)) + 2


def test_named_events_need_no_search() -> None:
    """When 422 names the events, the rest goes in one more post."""
    errors = [{"index": 3, "code": "UNKNOWN_METRIC"}, {"index": 7, "code": "INVALID_QUANTITY"}]
    delivery, aforo = run(10, in_turn(said(422, {"code": "INVALID", "errors": errors})))
    assert set_aside_numbers(delivery, 10) == {3, 7}
    assert delivery.outcomes[key(3)] == SetAside(SetAsideClass.CONFIG, "unknown_metric", 422)
    assert [len(block) for block in aforo.blocks] == [10, 8]


@pytest.mark.parametrize("count", [1, 2])
def test_an_event_alone_is_refused_in_the_words_about_it(count: int) -> None:
    """What is said of the event counts before what is said of the post that held it."""
    errors = [{"index": 0, "code": "UNKNOWN_METRIC"}]
    delivery, _ = run(count, in_turn(said(422, {"code": "VALIDATION_FAILED", "errors": errors})))
    assert delivery.outcomes[key(0)] == SetAside(SetAsideClass.CONFIG, "unknown_metric", 422)


def test_failures_inside_a_success_are_settled_at_once() -> None:
    """A 2xx that names its failed events is final for all."""
    body = {"accepted": 3, "failed": 1, "errors": [{"index": 2, "error": "INVALID_EVENT: no"}]}
    delivery, aforo = run(4, in_turn(said(202, body)))
    assert set_aside_numbers(delivery, 4) == {2}
    assert len(aforo.blocks) == 1


def test_unnamed_failures_inside_a_success_are_searched_for() -> None:
    """`failed: 1` and no index: found like a refused event, the rest being duplicates. No word of
    the answer blames it, so it is asked again.
    """

    def answer(block: Sequence[KeyedEvent]) -> Reply:
        failed = sum(number_of(keyed) == 5 for keyed in block)
        return said(202, {"accepted": 0, "duplicates": len(block) - failed, "failed": failed})

    delivery, _ = run(8, answer)
    assert asked_again_numbers(delivery, 8) == {5}
    assert sum(o == Confirmed() for o in delivery.outcomes.values()) == 7


def test_an_unknown_metric_is_set_aside_together() -> None:
    """Two of a metric refused alone as unknown: the others of that metric are not tried."""
    batch = keyed_events(64) + parcels_of_other_metric(64)

    def answer(block: Sequence[KeyedEvent]) -> Reply:
        unknown = any(p.event["metricName"] == "Petz" for p in block)
        return said(422, {"code": "UNKNOWN_METRIC"}) if unknown else accepted(block)

    aforo = ScriptedAforo(answer)
    delivery = deliver(batch, open_gate(aforo.post))
    outcomes = [delivery.outcomes[p.key] for p in batch]
    assert outcomes[:64] == [Confirmed()] * 64
    assert outcomes[64:] == [SetAside(SetAsideClass.CONFIG, "unknown_metric", 422)] * 64
    assert delivery.posts <= 2 * (7 + 2) + 2


def parcels_of_other_metric(count: int) -> list[KeyedEvent]:
    return keyed_events(64 + count, metric="Petz")[64:]


def test_a_missing_tenant_holds_everything() -> None:
    """Two events refused alone for what is ours, not theirs: nothing is set aside."""
    body = {"code": "MISSING_TENANT", "detail": "X-Tenant-Id header is required"}
    delivery, _ = run(64, always(said(400, body)))
    assert set(delivery.outcomes.values()) == {Held("systemic_refusal", 0)}
    assert delivery.stopped == Held("systemic_refusal", 0)
    assert delivery.posts <= 2 * 7 + 2


def test_a_missing_tenant_is_seen_on_events_of_two_metrics() -> None:
    """What is ours is alike whatever the events count."""
    first, second = keyed_events(1, metric="Cats"), keyed_events(2, metric="Dogs")[1:]
    aforo = ScriptedAforo(always(said(400, {"code": "MISSING_TENANT"})))
    delivery = deliver([*first, *second], open_gate(aforo.post))
    assert delivery.stopped == Held("systemic_refusal", 0)


@pytest.mark.parametrize("count", [1, 2])
def test_few_events_are_held_for_a_missing_tenant_too(count: int) -> None:
    """One event alone is never poison because of our own header."""
    delivery, _ = run(count, always(said(400, {"code": "MISSING_TENANT"})))
    assert {type(outcome) for outcome in delivery.outcomes.values()} == {Held}


@given(count=st.integers(1, 120), most=st.integers(1, 120))
def test_413_is_split_until_it_fits(count: int, most: int) -> None:
    """Posts shrink to what Aforo takes, and every event gets there."""
    delivery, aforo = run(count, lambda b: said(413) if len(b) > most else accepted(b))
    assert set(delivery.outcomes.values()) == {Confirmed()}
    assert delivery.posts <= ceil(log2(count)) + 1 + 2 * ceil(count / most) if count > 1 else 1
    assert max(map(len, aforo.blocks)) == count


def test_one_event_that_is_too_large_is_asked_again() -> None:
    """No event of ours is near Aforo's limit: one that gets 413 alone is poison only when it gets
    it again. The others are confirmed.
    """
    delivery, _ = run(5, lambda b: said(413) if any(number_of(p) == 4 for p in b) else accepted(b))
    assert asked_again_numbers(delivery, 5) == {4}
    assert sum(o == Confirmed() for o in delivery.outcomes.values()) == 4


def test_an_empty_success_is_asked_once_more() -> None:
    """Empty, then counts: the counts are believed."""
    delivery, _ = run(3, in_turn(said(202)))
    assert set(delivery.outcomes.values()) == {Confirmed(verified=True)}
    assert delivery.posts == 2


def test_two_empty_successes_are_unverified() -> None:
    """An ingestor that never says anything: accepted, and marked as not verified."""
    delivery, _ = run(3, in_turn(said(202), said(202)))
    assert set(delivery.outcomes.values()) == {Confirmed(verified=False)}


WRONG = said(202, {"accepted": 1, "duplicates": 0, "failed": 0})


def test_counts_that_do_not_add_up_are_asked_once_more() -> None:
    """Wrong counts once: the second answer decides."""
    delivery, _ = run(3, in_turn(WRONG))
    assert set(delivery.outcomes.values()) == {Confirmed()}


@pytest.mark.parametrize("second", [WRONG, said(202)])
def test_counts_that_never_add_up_are_held_in_doubt(second: Reply) -> None:
    """Twice wrong, or wrong and then nothing: held, and Aforo may have them."""
    delivery, _ = run(3, in_turn(WRONG, second))
    assert set(delivery.outcomes.values()) == {Held("counts_do_not_add_up", 0, ambiguous=True)}
    assert delivery.stopped is None


def test_a_stop_after_an_empty_success_is_in_doubt() -> None:
    """The first answer was a 2xx: a refused connection after it does not undo that."""
    delivery, _ = run(3, in_turn(said(202), NoAnswer("unreachable", is_ambiguous=False)))
    assert set(delivery.outcomes.values()) == {Held("unreachable", 0, ambiguous=True)}


def test_a_stop_holds_what_was_posted_and_what_was_not() -> None:
    """Only what was posted is in doubt; what was not tried waits with it."""
    answer = in_turn(said(413), NoAnswer("no_answer", is_ambiguous=True))
    delivery, aforo = run(4, answer)
    held = [delivery.outcomes[key(n)] for n in range(4)]
    assert held[:2] == [Held("no_answer", 0, ambiguous=True)] * 2
    assert held[2:] == [Held("no_answer", 0)] * 2
    assert len(aforo.blocks) == 2


def test_an_outage_in_the_middle_of_a_search_keeps_what_is_known() -> None:
    """What was confirmed before the outage stays confirmed; the suspects are held."""
    answer = in_turn(refusing({3}), refusing({3}), said(503))
    delivery, _ = run(4, answer)
    assert [type(delivery.outcomes[key(n)]) for n in range(4)] == [Confirmed, Confirmed, Held, Held]


ANSWERS: list[Callable[[Sequence[KeyedEvent]], Reply | NoAnswer]] = [
    accepted,
    always(said(202)),
    always(WRONG),
    always(Reply(202, {}, b"<html>")),
    lambda block: said(202, {"accepted": len(block) - 1, "failed": 1}),
    lambda block: said(
        202, {"accepted": len(block) - 1, "failed": 1, "errors": [{"index": 0, "error": "BAD"}]}
    ),
    always(said(400, {"code": "VALIDATION_FAILED"})),
    always(said(400, {"code": "EVENT_IN_FUTURE"})),
    always(said(400, {"code": "MISSING_TENANT"})),
    always(said(409, {"code": "DUPLICATE"})),
    always(said(422, {"code": "UNKNOWN_METRIC"})),
    lambda block: said(422, {"code": "X", "errors": [{"index": len(block) - 1}]}),
    always(said(413)),
    always(said(401)),
    always(said(429, {"retryAfter": 3})),
    always(said(503)),
    always(said(302)),
    always(NoAnswer("no_answer", is_ambiguous=True)),
]


@settings(max_examples=300)
@given(count=st.integers(1, 60), script=st.lists(st.sampled_from(ANSWERS), max_size=80))
def test_any_script_of_answers_gives_each_event_one_outcome(
    count: int, script: list[Answer]
) -> None:
    """Whatever Aforo says, every event ends in exactly one outcome, in a bounded number of posts,
    and nothing is confirmed or set aside that no answer spoke of.
    """
    delivery, aforo = run(count, in_turn(*script))
    assert set(delivery.outcomes) == {key(number) for number in range(count)}
    assert all(isinstance(o, Confirmed | SetAside | Held) for o in delivery.outcomes.values())
    posted = {posted_key for block in aforo.blocks for posted_key in block}
    for event_key, outcome in delivery.outcomes.items():
        if isinstance(outcome, Confirmed):
            assert event_key in posted
    # Each settled event costs at most a search and the once-more of each of its posts; 413 halves.
    assert delivery.posts <= 2 * (count * (ceil(log2(count)) + 3 if count > 1 else 2) + 8)


def test_two_bad_events_that_speak_of_a_tenant_do_not_hold_their_neighbours() -> None:
    """Aforo's text may speak of an event's own tenant. It confirmed others of the same batch, so it
    knows our tenant and key: the cause is those two.
    """

    def answer(block: Sequence[KeyedEvent]) -> Reply:
        if {3, 40}.isdisjoint(map(number_of, block)):
            return accepted(block)
        return said(400, {"title": "Bad Request", "detail": "an event must not name a tenant"})

    aforo = ScriptedAforo(answer)
    done = deliver(keyed_events(100), open_gate(aforo.post))
    held = {key for key, outcome in done.outcomes.items() if isinstance(outcome, Held)}
    assert held == {key(3), key(40)}
    assert done.stopped is None


def test_a_path_that_speaks_of_tenants_is_no_reason_to_stop() -> None:
    """`/tenants/{id}` is a word of somebody's API: the two events are poison, the others billed."""
    path = {"code": "INVALID_PATH", "detail": "path /tenants/{id} is not allowed"}
    aforo = ScriptedAforo(
        lambda block: (
            accepted(block) if {3, 40}.isdisjoint(map(number_of, block)) else said(400, path)
        )
    )
    done = deliver(keyed_events(100), open_gate(aforo.post))
    aside = {key for key, outcome in done.outcomes.items() if isinstance(outcome, SetAside)}
    assert aside == {key(3), key(40)}


@pytest.mark.parametrize(
    "first",
    [
        [lambda block: said(202, {"accepted": len(block) - 1, "failed": 1})],
        [always(said(202)), always(said(400, {"code": "VALIDATION_FAILED"}))],
        [always(WRONG), always(said(413))],
    ],
)
@pytest.mark.parametrize("stop", [said(429), said(401), NoAnswer("refused", is_ambiguous=False)])
def test_a_2xx_leaves_a_doubt_on_all_that_it_did_not_settle(
    first: list[Answer], stop: Reply | NoAnswer
) -> None:
    """Aforo may have taken them, and only a part was posted again before it stopped us: what is put
    back as certain would be posted once more when Aforo has forgotten it.
    """
    delivery, _ = run(8, in_turn(*first, always(stop)))
    held = [outcome for outcome in delivery.outcomes.values() if isinstance(outcome, Held)]
    assert len(held) == 8
    assert all(outcome.ambiguous for outcome in held)


def test_a_batch_behind_a_shut_gate_is_held_whole_and_not_posted() -> None:
    """As long as what shut it says, and without a doubt: nothing was sent."""
    aforo = ScriptedAforo(accepted)
    gate = open_gate(aforo.post)
    gate.record(Held("rate_limited", 7, ambiguous=True))
    delivery = deliver(keyed_events(3), gate)
    held = Held("rate_limited", 7)
    assert delivery == BatchOutcome({key(number): held for number in range(3)}, held, 0)
    assert aforo.blocks == []


def test_a_batch_that_is_stopped_shuts_the_gate_for_the_next() -> None:
    """What the first one heard is not asked again."""
    aforo = ScriptedAforo(always(said(429, {"retryAfter": 9})))
    gate = open_gate(aforo.post)
    first, second = deliver(keyed_events(2), gate), deliver(keyed_events(2), gate)
    assert first.stopped == second.stopped == Held("rate_limited", 9)
    assert (first.posts, second.posts, len(aforo.blocks)) == (1, 0, 1)


def _refusing_by_metric(metrics: dict[str, str]) -> Answer:
    """Aforo that does not know some metrics; the code of each."""

    def answer(block: Sequence[KeyedEvent]) -> Reply:
        bad = [one.event["metricName"] for one in block if one.event["metricName"] in metrics]
        return said(400, {"code": metrics[bad[0]]}) if bad else accepted(block)

    return answer


def test_only_events_of_the_unknown_metric_are_set_aside_with_it() -> None:
    """Those of other metrics, which Aforo knows, are billed."""
    unknown = keyed_events(4, metric="Petz")
    known = [
        one._replace(key=key(n), event=one.event)
        for n, one in enumerate(keyed_events(4), start=len(unknown))
    ]
    aforo = ScriptedAforo(_refusing_by_metric({"Petz": "UNKNOWN_METRIC"}))
    found = deliver([*unknown, *known], open_gate(aforo.post)).outcomes
    assert {found[one.key] for one in known} == {Confirmed()}
    assert all(isinstance(found[one.key], SetAside) for one in unknown)


def test_one_event_that_speaks_of_a_tenant_does_not_stop_the_others() -> None:
    """Only a second one that fails alike, alone, shows that it is not the event."""
    first = keyed_events(1, metric="Odd")
    others = [one._replace(key=key(n + 1)) for n, one in enumerate(keyed_events(3))]
    aforo = ScriptedAforo(_refusing_by_metric({"Odd": "TENANT_MISMATCH"}))
    delivery = deliver([*first, *others], open_gate(aforo.post))
    assert delivery.stopped is None
    assert delivery.outcomes[first[0].key] == Held("systemic_refusal", 0)
    assert {delivery.outcomes[one.key] for one in others} == {Confirmed()}
