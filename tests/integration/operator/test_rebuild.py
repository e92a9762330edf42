"""Counters that were lost are built again from the register and the ledger, and opened last."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from redis import Redis

from functions.adapters.ledger import hour_prefix
from functions.operator.command_line import main
from functions.operator.counter_commands.stack import Stack
from functions.operator.deployment.place import Place
from functions.operator.rebuild.rebuilding import Rebuild, Tools
from functions.reconciliation.commands import COMMAND, StandingCommand
from functions.usage.errors import Permanent
from functions.usage.ledger_row import LedgerRow
from functions.usage.metric import Metric
from functions.usage.moment import HOUR_MS, epoch_ms_from_iso, iso_from_epoch_ms
from functions.usage.quota import (
    AuthorizerMode,
    GuardLevel,
    Status,
    rebuild_key,
    tenant_key,
    watermark_key,
)
from tests.fakes.hour_totals import totals_of
from tests.integration.reconciliation.tenant import CUSTOMER, METER, START_MS, TENANT, Tenant, event
from tests.integration.reconciliation.test_repair import row
from tests.integration.reconciliation.test_steps import due, steps


@dataclass
class Lost:
    """A tenant whose counters may go, and what is kept of it outside of them."""

    tenant: Tenant
    standing: list[StandingCommand] = field(default_factory=list)
    rows: list[LedgerRow] = field(default_factory=list)
    queue: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def state(self, **fields: object) -> None:
        """A command that was recorded and carried out."""
        command = COMMAND.validate_python(fields, strict=False)
        self.standing.append(command)  # type: ignore[arg-type]
        assert self.tenant.take(command.model_dump(mode="json", by_alias=True)) == []

    def settle(self, key: str, at_ms: int) -> None:
        """Usage that is in the ledger and, once, in the counters."""
        self.rows.append(row(key, at_ms))
        assert self.tenant.settle(event(key, at_ms)) == []

    def rebuild(self, *, is_sending: bool = True, is_delivered: bool = True) -> bool:
        tools = Tools(
            register=lambda: self.standing,
            rows=self._rows_of,
            sum_up=totals_of(self._rows_of),
            send=self._send,
            parts_done=lambda version: self._parts_done(version, is_delivered=is_delivered),
            say=self.said.append,
            clock=lambda: self.tenant.now_ms,
            pause=self._pause,
        )
        done = Rebuild(tools, is_sending=is_sending).run(None, 60_000)
        assert self.tenant.take_bodies(self.queue) == []
        self.queue.clear()
        return done

    def _rows_of(self, prefix: str) -> list[LedgerRow]:
        return [one for one in self.rows if hour_prefix(one["occurredAt"][:13]) == prefix]

    def _send(self, bodies: Iterable[str]) -> int:
        self.queue += bodies
        return len(self.queue)

    def _parts_done(self, version: int, *, is_delivered: bool) -> int:
        assert self.tenant.client.get(tenant_key(TENANT, "generation")) is None
        if is_delivered:
            assert self.tenant.take_bodies(self.queue) == []
            self.queue.clear()
        return int(self.tenant.client.scard(rebuild_key(TENANT, version)))

    def _pause(self) -> None:
        self.tenant.now_ms += 10_000


@pytest.fixture
def lost(tenant: Tenant) -> Lost:
    """A customer with a grant, an API key, usage of many hours, and nothing in the counters."""
    found = Lost(tenant)
    grant = tenant.grant_body(1000)
    found.state(**grant)
    found.state(kind="status", customerId="cust_2", status="suspended", version=1)
    found.state(kind="mode", customerId="cust_2", mode="shadow", version=1)
    found.state(
        kind="credential",
        apiKeySha256="ab" * 32,
        customerId=CUSTOMER,
        keyId="key_1",
        environment="live",
        version=1,
    )
    found.state(kind="revocation", jti="over", untilMs=START_MS + 1)
    tenant.now_ms += 2
    for i in range(300):
        found.settle(f"old-{i}", START_MS - (i + 1) * HOUR_MS)
    for i in range(7):
        found.settle(f"now-{i}", START_MS - i * 60_000)
    tenant.take({"kind": "open", "version": 1})
    tenant.client.flushall()
    return found


def test_a_rebuild_brings_everything_back(lost: Lost) -> None:
    """Usage of the whole period to the unit, grants, keys, standing; and opens the counters."""
    assert lost.rebuild()
    expected = sum(row["occurredAt"] >= "2026-11-01" for row in lost.rows)
    assert lost.tenant.used() == expected == 307
    assert lost.tenant.state("cust_2").status is Status.SUSPENDED
    assert lost.tenant.state("cust_2").mode is AuthorizerMode.SHADOW
    assert lost.tenant.client.exists(f"aforo:{{{TENANT}}}:identity:{'ab' * 32}")
    assert int(str(lost.tenant.client.get(tenant_key(TENANT, "generation")))) > 1
    assert any("register: 4 commands" in line for line in lost.said)


def test_what_aforo_stated_comes_back_with_the_next_reconcile(lost: Lost) -> None:
    """Limit, margin guard, keys, the watermark and whom to ask about are in no register."""
    tenant = lost.tenant
    assert lost.rebuild()
    assert due(tenant, groups=("/one",)) == [CUSTOMER]
    watermark = tenant.client.hgetall(watermark_key(TENANT))
    assert watermark == {"/one": str(tenant.now_ms - 180_000)}
    said = {
        "customerId": CUSTOMER,
        "askedAtMs": tenant.now_ms,
        "quota": {"limit": 2000, "currentUsage": 307},
        "guard": {"level": "L3_BLOCK", "allowPercent": 0, "retrySeconds": 60},
    }
    keys = [{"kty": "RSA", "kid": "k", "n": "A" * 342, "e": "AQAB"}]
    jwks = {"askedAtMs": tenant.now_ms, "keys": keys}
    apply = {"meter": METER, "customers": [said], "keys": jwks}
    assert steps(tenant).take({"apply": apply})["changed"] == {"jwks": 1, "limit": 1, "guard": 1}
    assert (tenant.allowance().limit, tenant.used()) == (2000, 307)
    assert tenant.state().guard_level is GuardLevel.BLOCK
    assert tenant.level(Metric.DRIFT) == 0


def test_a_batch_that_is_too_long_is_done_in_part(client: Redis) -> None:
    """What was done is acknowledged: ended by the function's timeout, all of it would come back."""

    class Slow(Tenant):
        def _clock(self) -> int:
            self.now_ms += 1000
            return self.now_ms

    tenant = Slow(client)
    grants = [tenant.grant_body(customerId=f"c{i}") for i in range(200)]
    parts = [
        {"kind": "rebuild", "version": 9, "part": i, "commands": [each]}
        for i, each in enumerate(grants)
    ]
    rounds, left = 0, parts
    while left:
        back = {int(place) for place in tenant.take(*left)}
        assert len(back) < len(left)
        rounds, left = rounds + 1, [each for place, each in enumerate(left) if place in back]
    assert rounds > 1
    assert client.scard(rebuild_key(TENANT, 9)) == 200


def test_it_may_be_repeated_while_usage_arrives(lost: Lost) -> None:
    """Settlements of open and closed hours, before and after, count once."""
    lost.tenant.settle(event("now-1", START_MS - 60_000))
    assert lost.rebuild()
    lost.tenant.client.delete(tenant_key(TENANT, "generation"))
    lost.settle("new", START_MS)
    lost.tenant.settle(event("old-5", START_MS - 6 * HOUR_MS))
    lost.tenant.now_ms += 1000
    assert lost.rebuild()
    assert lost.tenant.used() == 308


def test_a_dry_run_says_the_same_and_sends_nothing(lost: Lost) -> None:
    """An operator sees how much there is before anything is changed."""
    assert lost.rebuild(is_sending=False)
    said = list(lost.said)
    assert not lost.tenant.keys()
    lost.said.clear()
    assert lost.rebuild()
    assert said[:-1] == lost.said[: len(said) - 1]
    assert "dry run" in said[-1]


def test_without_every_part_the_counters_stay_closed(lost: Lost) -> None:
    """Reconciliation is away: nothing is opened, and the operator is told to run it again."""
    assert not lost.rebuild(is_delivered=False)
    assert lost.tenant.client.get(tenant_key(TENANT, "generation")) is None
    assert "run it again" in lost.said[-1]
    lost.tenant.now_ms += 1000
    assert lost.rebuild()
    assert lost.tenant.used() == 307


def test_what_was_refused_at_first_does_not_hold_up_a_rebuild(lost: Lost) -> None:
    """A credential of another tenant stands in the register and was never in force."""
    fields = {"kind": "credential", "apiKeySha256": "cd" * 32, "customerId": "c", "keyId": "k"}
    rest = {"environment": "live", "tenantId": "another", "version": 1}
    lost.standing.insert(0, COMMAND.validate_python({**fields, **rest}))  # type: ignore[arg-type]
    assert lost.rebuild()
    assert lost.tenant.used() == 307


def test_a_long_period_is_closed_from_its_start(tenant: Tenant) -> None:
    """Its hours lie far beyond the horizon within which single events count."""
    start_ms = epoch_ms_from_iso("2026-03-01T00:00:00Z")
    end_ms = epoch_ms_from_iso("2027-01-01T00:00:00Z")
    lost = Lost(tenant)
    lost.state(**tenant.grant_body(period=None, startMs=start_ms, endMs=end_ms))
    lost.rows += [row("march", start_ms), row("june", start_ms + 100 * 24 * HOUR_MS)]
    tenant.client.flushall()
    assert lost.rebuild()
    assert tenant.used() == 2
    assert tenant.fields()[f"{METER}:remaining"] == "998"


def test_the_hours_of_a_period_that_is_over_are_not_read(tenant: Tenant) -> None:
    """Of a grant that ended nothing is looked up any more; of one whose next period runs, that."""
    lost = Lost(tenant)
    march, may, october = (
        epoch_ms_from_iso(f"2026-{month}-01T00:00:00Z") for month in ("03", "05", "10")
    )
    lost.state(**tenant.grant_body(period=None, startMs=march, endMs=may))
    upcoming = {"limit": 9, "startMs": october, "endMs": october + 90 * 24 * HOUR_MS}
    second = tenant.grant_body(customerId="cust_2", period=None, startMs=may, endMs=october)
    lost.state(**second, upcoming=upcoming)
    tenant.client.flushall()
    assert lost.rebuild()
    assert any("ledger: 2026-10-01T00" in line for line in lost.said)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--since", "yesterday"], "--since"),
        (["--since", "2026-13-01"], "--since"),
        ([], "s: gone"),
    ],
)
def test_what_is_wrong_is_named(
    words: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2, and one line."""

    def find(place: Place) -> Stack:
        raise Permanent(f"--stack {place.stack}: gone")

    assert main(["rebuild", "--stack", "s", *words], find=find) == 2
    assert named in capsys.readouterr().err


def test_hours_of_the_ledger_are_named_as_it_names_them() -> None:
    """The rebuild reads what the forwarder wrote."""
    assert hour_prefix(iso_from_epoch_ms(START_MS)[:13]) == "ledger/2026-11-23/12/"
