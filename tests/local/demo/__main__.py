"""`make demo`: the whole walk for real, with an outage, a replay, and a table that must close.

Starts the local cloud, deploys the unmodified template, sends more than a thousand requests, lets a
client forge another's name, lets Aforo refuse, forget and go down until usage is set aside, brings
it back, replays, deletes a subscription filter, drives a customer over its quota, lets the audit
find what was lost, and asks everybody what they saw. Exit status 1 when the table does not close.
"""

import argparse
import sys
from collections import Counter
from typing import Any

from tests.local import cloud
from tests.local.demo import auditing, bad_days, lost_filter, outage, second_meter
from tests.local.demo.account import Account
from tests.local.demo.accounting import account
from tests.local.demo.depth import waiting
from tests.local.demo.forger import Forgery, forge
from tests.local.demo.lost_and_found import find, lose
from tests.local.demo.misfortunes import Replayed, misfortunes_table
from tests.local.demo.stage import DemoError, Progress, Stage
from tests.local.demo.table import customers_table, requests_table, still_set_aside_table
from tests.local.demo.traffic import Call, mixed_calls, send, until_stopped
from tests.local.deploy import DeployError
from tests.local.endpoints import LOCAL, Endpoints
from tests.local.server_start import ServerError

HOLD_SECONDS = 5  # on AWS 14 hours: so long does usage wait for Aforo before it is set aside


def main() -> int:
    options = _parser().parse_args()
    stage = Stage()
    stage.act("Starting the local cloud, building and deploying template.yaml")
    try:
        with cloud.running(
            LOCAL / "demo",
            hold_seconds=options.hold_seconds,
            audit=cloud.QUICK_AUDIT,
            say=stage.console.print,
        ) as endpoints:
            return _play(stage, endpoints)
    except (DemoError, DeployError, ServerError) as error:
        stage.console.print("\n[bold red]The demo stood still:[/bold red]")
        stage.console.print(str(error), markup=False)
        return 1


def _play(stage: Stage, endpoints: Endpoints) -> int:
    began_ms = auditing.now_ms()
    stage.act("1. Traffic on two stages: one with an access log, one metered by its execution log")
    forgery = _first_traffic(stage, endpoints)

    stage.act("2. Aforo is down (503); the API keeps serving")
    already_set_aside = waiting(endpoints, "usage_dead_letter")
    outage.take_aforo_down(endpoints)
    _send(stage, mixed_calls(endpoints, share=8))
    outage.wait_for_the_alarm(stage, endpoints, already_set_aside)

    stage.act("3. Aforo is back; replay from Step Functions, while traffic goes on")
    outage.bring_aforo_back(endpoints)
    bad_days.order(endpoints, bad_days.poison(endpoints.customers[0].customer_id))
    second_meter.create_metric(endpoints)
    stage.say(f"somebody created the metric {second_meter.METRIC} at Aforo")
    execution = outage.start_replay(endpoints)
    _send(stage, mixed_calls(endpoints, share=20))
    output = outage.wait_for_replay(stage, endpoints, execution)
    _tell_replay(stage, output)

    stage.act("4. Somebody deletes the subscription filter of an access log, and puts it back")
    so_far = auditing.start_audit(endpoints, began_ms)
    stage.say("meanwhile somebody audits what was served until now")
    lost = lose(stage, endpoints, lambda: _send(stage, mixed_calls(endpoints, share=3)))

    stage.act("5. A customer with a small quota")
    _exhaust(stage, endpoints)
    lost_filter.wait_until_written(stage, endpoints)
    ended_ms = auditing.now_ms()

    stage.act("6. The audit finds what was lost")
    found = find(stage, endpoints, so_far, lost)

    stage.act("7. Asking everybody what they saw")
    outage.wait_until_settled(stage, endpoints)
    audited = auditing.wait_until_audited(stage, endpoints, began_ms, ended_ms)
    return _close(stage, account(endpoints, audited, forgery, found), forgery, output["report"])


def _first_traffic(stage: Stage, endpoints: Endpoints) -> Forgery:
    """Everything that goes wrong while Aforo is up."""
    token = endpoints.customers[0]
    seconds = second_meter.IN_FORCE.seconds
    second_meter.configure(endpoints)
    stage.say(
        f"for {seconds} s a second meter is configured that Aforo does not know: "
        f"{second_meter.METRIC}"
    )
    bad_days.order(
        endpoints, bad_days.poison(token.customer_id), bad_days.STORM, bad_days.LOST_ANSWER
    )
    stage.say("Aforo will answer 3 posts 429, lose 1 answer, and refuse 1 event for good")
    bad = Call(
        "token, poison to Aforo", f"{endpoints.api_url}/pets", token.headers, bad_days.POISON_METHOD
    )
    _send(stage, [*mixed_calls(endpoints, share=20), bad])
    bad_days.wait_until_over(stage, endpoints)
    with Progress(stage, "forging a customer") as progress:
        forgery = forge(endpoints, progress.show)
    stage.say(
        f"{forgery.forger} forges log lines of {forgery.victim}: {len(forgery.served)} calls "
        f"served, {forgery.refused} refused"
    )
    return forgery


def _send(stage: Stage, calls: list[Call]) -> None:
    with Progress(stage, "calling the API") as progress:
        answered = send(calls, progress.show)
    by_kind: dict[str, Counter[int]] = {}
    for (kind, status), times in answered.items():
        by_kind.setdefault(kind, Counter())[status] += times
    for kind, statuses in by_kind.items():
        answers = ", ".join(f"{times} x {status}" for status, times in sorted(statuses.items()))
        stage.say(f"{kind:<24} {answers}")


def _tell_replay(stage: Stage, output: dict[str, Any]) -> None:
    messages, events = output["report"]["messages"], output["report"]["events"]
    stage.say(
        f"moved {messages['moved']} messages with {events['sent']} events: "
        f"{events['replayed']} billed through the replay, "
        f"{events['alreadyConfirmed']} had been billed before, {events['stillFailing']} still fail"
    )
    stage.say(f"its report: {output['reportUri']}")


def _exhaust(stage: Stage, endpoints: Endpoints) -> None:
    small = endpoints.customers[-1]
    with Progress(stage, small.customer_id) as progress:
        statuses = until_stopped(endpoints.api_url, small.headers, small.quota * 10, progress.show)
    stage.say(
        f"{small.customer_id} has {small.quota} calls a month: "
        f"{statuses[200]} x 200, then {'429' if statuses[429] else 'never stopped'}"
    )
    if not statuses[429]:
        message = f"{small.customer_id} was not stopped after {statuses.total()} calls"
        raise DemoError(message)


def _close(stage: Stage, found: Account, forgery: Forgery, report: dict[str, Any]) -> int:
    stage.console.print()
    stage.console.print(requests_table(found))
    stage.console.print(customers_table(found))
    stage.console.print(misfortunes_table(found, forgery, Replayed.of(report)))
    if found.still_set_aside:
        stage.console.print(still_set_aside_table(found))
    if found.faults:
        stage.console.print("\n[bold red]The table does not close:[/bold red]")
        for fault in found.faults:
            stage.console.print(f"  not true: {fault}")
        return 1
    stage.console.print(f"\n[bold green]The table closes.[/bold green] {stage.seconds():.0f} s")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument(
        "--hold-seconds",
        type=int,
        default=HOLD_SECONDS,
        help=f"how long usage waits for Aforo before it is set aside (default {HOLD_SECONDS})",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
