"""What a file states, what is stated and what is in force -> the changes that make them one.

Pure. Guaranteed: where all is as the file says there is no change; what was recorded and never came
into force is stated again as it is. What the file does not say of a customer stays; what it says of
no customer stays too, unless it is meant to be all there is.
"""

from collections.abc import Container, Iterable, Iterator
from typing import NamedTuple

from functions.operator.customers.counters_word import CountersWord
from functions.operator.customers.customer_file import ApiKeyEntry, CustomerEntry, CustomerFile
from functions.operator.customers.gateway_keys import GatewayKeys, sha256_of
from functions.operator.customers.known_customers import (
    KnownCustomer,
    KnownCustomers,
    version_of,
)
from functions.operator.customers.lowered_limits import lowered, taken_away
from functions.operator.customers.stated_change import (
    Kind,
    StatedChange,
    is_alike,
    words_of,
)
from functions.reconciliation.commands import (
    CredentialCommand,
    GrantCommand,
    ModeCommand,
    StandingCommand,
    StatusCommand,
    UsagePlanCommand,
)
from functions.usage.quota import AuthorizerMode, Status

_POLICIES = {"allow": True, "deny": False}
_POLICY_WORDS = {True: "allow", False: "deny", None: ""}
AS_DEPLOYED = "asDeployed"
_REFUSED = "its calls are refused"


class CustomerComparison(NamedTuple):
    """`is_all`: the file is all there is. `now_ms` is the version of what is new, unless a greater
    one is known.
    """

    file: CustomerFile
    known: KnownCustomers
    counters: CountersWord
    gateway: GatewayKeys
    now_ms: int
    is_all: bool = False

    def changes(self) -> Iterator[StatedChange]:
        """In the order of the file; what it leaves out comes last."""
        for entry in self.file.customers:
            yield from self._of_customer(entry)
        if self.is_all:
            yield from self._absent()

    def _absent(self) -> Iterator[StatedChange]:
        """Keys of customers that stay end; customers that do not are closed."""
        stated = {entry.customer_id for entry in self.file.customers}
        keys = {self.gateway.digest(key) for one in self.file.customers for key in one.api_keys}
        for customer_id, known in self.known.items():
            if customer_id in stated:
                yield from self._ended_keys(customer_id, keys)
            else:
                closed = self._standing(customer_id, known, Status.CLOSED)
                yield from [*closed, *self._again(customer_id, known, closed)]

    def _of_customer(self, entry: CustomerEntry) -> Iterator[StatedChange]:
        who = entry.customer_id
        known = self.known.get(who) or KnownCustomer()
        changes = [*self._grants(entry, known), *self._keys(entry)]
        if entry.standing is not None:
            changes += self._standing(who, known, Status(entry.standing))
        changes += [*self._usage_plan(entry, known), *self._mode(entry, known)]
        yield from [*changes, *self._again(who, known, changes)]

    def _again(
        self, who: str, known: KnownCustomer, changes: Iterable[StatedChange]
    ) -> Iterator[StatedChange]:
        """What was recorded and is not in force, but for what changes anyway."""
        changed = {change.counted_as for change in changes}
        for name, command in known.commands():
            if name not in changed and self.counters.version(who, name) < version_of(command):
                after = "recorded, and not in force"
                yield StatedChange("again", who, _what(name, command), "", after, command, name)

    def _grants(self, entry: CustomerEntry, known: KnownCustomer) -> Iterator[StatedChange]:
        who = entry.customer_id
        word = self.file.when_unknown_of(entry)
        policy = None if word is None else _POLICIES[word]
        stated = {"allow_when_unknown": None if policy == known.when_unknown else policy}
        says_policy = stated["allow_when_unknown"] is not None
        afters: list[GrantCommand] = []
        changed: list[GrantCommand] = []
        for meter, grant in self.file.grants_of(entry).items():
            before, name = known.grants.get(meter), f"grant {meter}"
            version = self._version(who, name, before)
            if says_policy:
                version = max(version, self._version(who, "policy", known.policy))
            after = grant.command(who, before, version).model_copy(update=stated)
            afters.append(after)
            if not is_alike(before, after):
                changed.append(after)
                danger = taken_away(before, after, self.counters, self.now_ms)
                kind = _kind(before)
                yield StatedChange(kind, who, name, *words_of(before, after), after, name, danger)
        if says_policy and afters:
            # One that is stated anyway: a grant that is stated again has its own limit again.
            carrier = [*changed, *afters][0]
            words = (_POLICY_WORDS[known.when_unknown], _POLICY_WORDS[policy])
            kind = _kind(known.policy)
            danger = "" if changed else lowered(known.grants[carrier.meter], carrier, self.counters)
            yield StatedChange(kind, who, "when unknown", *words, carrier, "policy", danger)

    def _keys(self, entry: CustomerEntry) -> Iterator[StatedChange]:
        who = entry.customer_id
        for key in entry.api_keys:
            digest = self.gateway.digest(key)
            owner = self.known.owners.get(digest)
            before = self.known[owner].keys[digest] if owner else None
            after = self._credential(who, digest, key, before)
            if not is_alike(before, after):
                yield _key_change(before, after)

    def _ended_keys(self, who: str, stated: Container[str]) -> Iterator[StatedChange]:
        """Those that the file gives to nobody."""
        for digest, credential in self.known[who].keys.items():
            if digest not in stated and not credential.revoked:
                version = self._version(who, digest, credential)
                ended = credential.model_copy(update={"revoked": True, "version": version})
                yield _key_change(credential, ended)

    def _credential(
        self, who: str, digest: str, key: ApiKeyEntry, before: CredentialCommand | None
    ) -> CredentialCommand:
        version = self._version(who, digest, before)
        if before is None:
            environment = key.environment or "live"
            base = CredentialCommand(
                api_key_sha256=digest,
                customer_id=who,
                key_id=key.key_id,
                environment=environment,
                version=version,
            )
        else:
            base = before.model_copy(update={"customer_id": who, "version": version})
        scopes = None if key.scopes is None else tuple(key.scopes)
        said: dict[str, object] = {
            "key_id": key.key_id,
            "environment": key.environment,
            "scopes": scopes,
        }
        said["revoked"] = key.revoked
        return base.model_copy(update={name: one for name, one in said.items() if one is not None})

    def _standing(self, who: str, known: KnownCustomer, standing: Status) -> list[StatedChange]:
        if known.standing is standing:
            return []
        is_known = any(known.commands())
        command = StatusCommand(
            customer_id=who, status=standing, version=self._version(who, "status", known.status)
        )
        danger = _REFUSED if is_known and standing is not Status.ACTIVE else ""
        kind: Kind = "close" if standing is Status.CLOSED else _kind(is_known)
        before = known.standing if is_known else ""
        change = StatedChange(kind, who, "standing", before, standing, command, "status", danger)
        return [change]

    def _usage_plan(self, entry: CustomerEntry, known: KnownCustomer) -> Iterator[StatedChange]:
        if entry.usage_plan_key_id is None:
            return
        value, who = self.gateway.value(entry.usage_plan_key_id), entry.customer_id
        before = known.usage_plan.usage_identifier if known.usage_plan else None
        if value != before:
            version = self._version(who, "usage_plan", known.usage_plan)
            command = UsagePlanCommand(customer_id=who, usage_identifier=value, version=version)
            words = ("another key" if before else "", f"key {entry.usage_plan_key_id}")
            kind = _kind(before)
            yield StatedChange(kind, who, "usage plan", *words, command, "usage_plan")

    def _mode(self, entry: CustomerEntry, known: KnownCustomer) -> Iterator[StatedChange]:
        who, before = entry.customer_id, known.mode.mode if known.mode else None
        after = AuthorizerMode(entry.mode) if entry.mode in set(AuthorizerMode) else None
        if entry.mode is None or after is before:
            return
        version = self._version(who, "mode", known.mode)
        command = ModeCommand(customer_id=who, mode=after, version=version)
        words = (before or AS_DEPLOYED, after or AS_DEPLOYED)
        yield StatedChange(_kind(known.mode), who, "mode", *words, command, "mode")

    def _version(self, who: str, counted_as: str, known: StandingCommand | None) -> int:
        in_force = self.counters.version(who, counted_as)
        return max(self.now_ms, version_of(known) + 1, in_force + 1)


def _kind(before: object) -> Kind:
    return "change" if before else "add"


def usage_plan_faults(file: CustomerFile, known: KnownCustomers) -> Iterator[tuple[int, str]]:
    """Customers whose file names a usage plan's key by a SHA-256 that is not that of the one they
    have, each by its place in the file; and those whose `whenUnknown` no grant can carry.
    """
    for at, entry in enumerate(file.customers):
        has = known.get(entry.customer_id) or KnownCustomer()
        digest = entry.usage_plan_key_sha256
        plan = has.usage_plan.usage_identifier if has.usage_plan else None
        if digest is not None and (plan is None or sha256_of(plan) != digest):
            yield at, "usagePlanKeySha256: is not the key that it has: give usagePlanKeyId"
        if file.when_unknown_of(entry) is not None and not file.grants_of(entry):
            yield at, "whenUnknown: a grant carries it: state one of its grants"


def _key_change(before: CredentialCommand | None, after: CredentialCommand) -> StatedChange:
    danger = ""
    if before is not None and before.customer_id != after.customer_id:
        danger = f"calls with it are {after.customer_id}'s from then on"
    elif after.revoked and before is not None and not before.revoked:
        danger = "calls with it are refused"
    return StatedChange(
        _kind(before),
        after.customer_id,
        f"key {after.key_id}",
        *words_of(before, after),
        after,
        after.api_key_sha256,
        danger,
    )


def _what(name: str, command: StandingCommand) -> str:
    if isinstance(command, CredentialCommand):
        return f"key {command.key_id}"
    return {"status": "standing", "policy": "when unknown"}.get(name, name.replace("_", " "))
