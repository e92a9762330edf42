"""What a file changes, and that applied it changes nothing more."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.operator.customers.customer_document import document_of
from functions.operator.customers.customer_file import CustomerFile
from functions.operator.customers.file_writing import as_csv, as_yaml, write_customers
from functions.operator.customers.gateway_keys import sha256_of
from functions.operator.customers.known_customers import KnownCustomers
from functions.operator.customers.reading_customers import read_customers
from functions.reconciliation.commands import (
    STANDING_COMMAND,
    CredentialCommand,
    GrantCommand,
    StandingCommand,
    StatusCommand,
)
from functions.usage.errors import Permanent
from functions.usage.moment import HOUR_MS
from functions.usage.quota import Status
from tests.fakes.customer_register import CustomerRegister

DIGEST = "ab" * 32
OTHER = "cd" * 32
GRANT: dict[str, Any] = {"limit": 100, "period": "month", "ratePerSecond": 10, "burst": 20}
KEY: dict[str, Any] = {"keyId": "k", "sha256": DIGEST}


def file_of(*customers: dict[str, Any], **rest: Any) -> CustomerFile:
    return CustomerFile.model_validate({"customers": list(customers), **rest})


def entry(who: str = "cus_a", **fields: Any) -> dict[str, Any]:
    return {"customerId": who, **fields}


def shown(register: CustomerRegister, file: CustomerFile, **asked: bool) -> list[tuple[str, ...]]:
    changes = register.changes(file, **asked)
    return [(one.kind, one.what, one.before, one.after, one.danger) for one in changes]


@pytest.fixture
def register() -> CustomerRegister:
    """A customer with a grant and a key."""
    made = CustomerRegister()
    made.apply(file_of(entry(grants=[GRANT], apiKeys=[KEY])))
    return made


def test_what_is_new() -> None:
    """A grant, a key and a standing that is not the usual one."""
    file = file_of(entry(grants=[GRANT], apiKeys=[KEY], standing="suspended"))
    assert shown(CustomerRegister(), file) == [
        ("add", "grant api_calls", "", "limit 100, period month, rate 10, burst 20", ""),
        ("add", "key k", "", "customer cus_a, id k, environment live", ""),
        ("add", "standing", "", "suspended", ""),
    ]


def test_applied_again_nothing_changes(register: CustomerRegister) -> None:
    """Nor does a file that says less of a customer, or nothing of him."""
    whole: dict[str, Any] = {"grants": [GRANT], "apiKeys": [KEY], "standing": "active"}
    for fields in (whole, {}):
        assert register.changes(file_of(entry(**fields))) == []
    assert register.changes(file_of()) == []


def test_a_change_says_before_and_after(register: CustomerRegister) -> None:
    """Only what differs; what the file leaves out stays."""
    grant = {**GRANT, "limit": 200, "anchorDay": 5}
    key = {**KEY, "scopes": ["read"]}
    assert shown(register, file_of(entry(grants=[grant], apiKeys=[key]))) == [
        ("change", "grant api_calls", "limit 100, anchor day none", "limit 200, anchor day 5", ""),
        ("change", "key k", "scopes none", "scopes read", ""),
    ]
    register.apply(file_of(entry(grants=[grant], apiKeys=[key])))
    assert register.changes(file_of(entry(grants=[{**GRANT, "limit": 200}], apiKeys=[KEY]))) == []


def test_what_takes_calls_away_is_told(register: CustomerRegister) -> None:
    """A limit below what is used, a standing, a key that ends or is another's."""
    register.used["cus_a"] = 60
    file = file_of(
        entry(
            grants=[{**GRANT, "limit": 59}], standing="closed", apiKeys=[{**KEY, "revoked": True}]
        )
    )
    assert [one.danger for one in register.changes(file)] == [
        "limit 59 is below the 60 used",
        "calls with it are refused",
        "its calls are refused",
    ]
    moved = register.changes(file_of(entry("cus_b", apiKeys=[KEY])))
    assert [one.danger for one in moved] == ["calls with it are cus_b's from then on"]
    used_up = file_of(entry(grants=[{**GRANT, "limit": 60}]))
    assert register.changes(used_up)[0].danger == "limit 60 is used up already"
    assert register.changes(file_of(entry(grants=[{**GRANT, "limit": 61}])))[0].danger == ""


def test_a_limit_of_nothing_takes_calls_away(register: CustomerRegister) -> None:
    """Also of a customer that has not called in this period; of a new one there is none to take."""
    nothing = {**GRANT, "limit": 0}
    (change,) = register.changes(file_of(entry(grants=[nothing])))
    assert change.danger == "limit 0 is used up already"
    (new,) = register.changes(file_of(entry("cus_new", grants=[nothing])))
    assert new.danger == ""


def test_a_limit_that_aforo_raised_falls_by_a_word_only(register: CustomerRegister) -> None:
    """Whatever else of the grant changes states its limit again: a rate, or what is decided while
    the counters are away.
    """
    register.aforo_limits["cus_a"] = 500
    danger = "limit 500 is in force, by Aforo: it becomes 100"
    faster = file_of(entry(grants=[{**GRANT, "ratePerSecond": 11}]))
    assert [one.danger for one in register.changes(faster)] == [danger]
    policy = file_of(entry(grants=[GRANT], whenUnknown="allow"))
    assert [(one.what, one.danger) for one in register.changes(policy)] == [
        ("when unknown", danger)
    ]
    follows = file_of(entry(grants=[{**GRANT, "limit": 500, "ratePerSecond": 11}]))
    assert [one.danger for one in register.changes(follows)] == [""]
    assert register.changes(file_of(entry(grants=[GRANT]))) == []


def test_the_policy_goes_with_a_grant_that_changes_anyway(register: CustomerRegister) -> None:
    """So that no other grant is stated again."""
    register.apply(file_of(entry(grants=[GRANT, {**GRANT, "meter": "data"}])))
    file = file_of(
        entry(grants=[GRANT, {**GRANT, "meter": "data", "burst": 30}], whenUnknown="deny")
    )
    changes = register.changes(file)
    assert [one.what for one in changes] == ["grant data", "when unknown"]
    assert changes[0].command is changes[1].command


def test_a_window_that_is_over_takes_calls_away(register: CustomerRegister) -> None:
    """A year of a typing error; one that runs, or follows at once, takes none."""
    fixed = {name: value for name, value in GRANT.items() if name != "period"}
    past = {**fixed, "start": "2024-11-01T00:00:00Z", "end": "2024-12-01T00:00:00Z"}
    (change,) = register.changes(file_of(entry(grants=[past])))
    assert change.danger == "no window of it is now: its calls are refused"
    runs = {**fixed, "start": "2025-11-01T00:00:00Z", "end": "2025-12-01T00:00:00Z"}
    (change,) = register.changes(file_of(entry(grants=[runs])))
    assert change.danger == ""


def test_a_closing_that_never_came_into_force_is_stated_again(register: CustomerRegister) -> None:
    """Recorded by `--all`, and then the process died: the next one finds it, though the customer is
    in no file.
    """
    closing = [one.command for one in register.changes(file_of(), is_all=True)]
    register.recorded += closing
    again = register.apply(file_of(), is_all=True)
    assert [(one.kind, one.what, one.command) for one in again] == [
        ("again", "standing", closing[0])
    ]
    assert register.changes(file_of(), is_all=True) == []


def test_absent_means_closed_only_if_it_is_all(register: CustomerRegister) -> None:
    """And keys that are absent end; who is closed already is left."""
    register.apply(file_of(entry("cus_b", grants=[GRANT], apiKeys=[{**KEY, "sha256": OTHER}])))
    file = file_of(entry("cus_b", grants=[GRANT]))
    assert register.changes(file) == []
    changes = register.apply(file, is_all=True)
    assert {(one.kind, one.customer_id, one.what) for one in changes} == {
        ("change", "cus_b", "key k"),
        ("close", "cus_a", "standing"),
    }
    assert all(one.danger for one in changes)
    assert register.changes(file, is_all=True) == []


def test_what_never_came_into_force_is_stated_again(register: CustomerRegister) -> None:
    """Recorded, and then the process died: with the version that it had."""
    file = file_of(entry(grants=[{**GRANT, "limit": 5}], standing="suspended", whenUnknown="allow"))
    lost = [one.command for one in register.changes(file)]
    register.recorded += lost
    changes = register.changes(file)
    assert {one.kind for one in changes} == {"again"}
    assert {id(one.command) for one in changes} == {id(one) for one in lost}
    register.state(one.command for one in changes)
    assert register.changes(file) == []


def test_versions_are_greater_than_all_that_is_known(register: CustomerRegister) -> None:
    """Whoever stated before had a clock that was ahead, or is in the counters alone."""
    ahead = register.now_ms + 10**9
    register.state([StatusCommand(customer_id="cus_a", status=Status.CLOSED, version=ahead)])
    (change,) = register.apply(file_of(entry(standing="active")))
    assert isinstance(change.command, StatusCommand)
    assert change.command.version == ahead + 1
    assert register.changes(file_of(entry(standing="active"))) == []


def test_the_policy_is_the_customers(register: CustomerRegister) -> None:
    """A grant carries it; the next one need not say it again."""
    (change,) = register.apply(file_of(entry(grants=[GRANT], whenUnknown="allow")))
    assert (change.what, change.before, change.after) == ("when unknown", "", "allow")
    assert register.changes(file_of(entry(grants=[GRANT], whenUnknown="allow"))) == []
    less = {**GRANT, "limit": 7}
    register.apply(file_of(entry(grants=[less])))
    assert register.changes(file_of(entry(grants=[less], whenUnknown="allow"))) == []
    (change,) = register.apply(file_of(entry(grants=[less], whenUnknown="deny")))
    assert (change.before, change.after) == ("allow", "deny")


def test_a_mode_may_be_taken_back(register: CustomerRegister) -> None:
    """To what the stage or the deployment has; what the file does not say stays."""
    assert register.changes(file_of(entry(mode="asDeployed"))) == []
    for before, after in (("asDeployed", "shadow"), ("shadow", "asDeployed")):
        (change,) = register.apply(file_of(entry(mode=after)))
        assert (change.what, change.before, change.after) == ("mode", before, after)
        assert register.changes(file_of(entry(mode=after))) == []
        assert register.changes(file_of(entry())) == []


def test_a_usage_plans_key_is_shown_by_its_id(register: CustomerRegister) -> None:
    """Its value leaves for the counters, and is never shown."""
    register.values["a1b2"] = "the-value"
    (change,) = register.apply(file_of(entry(usagePlanKeyId="a1b2")))
    assert change.command.model_dump()["usage_identifier"] == "the-value"
    assert "the-value" not in json.dumps(change.row)
    assert register.changes(file_of(entry(usagePlanKeyId="a1b2"))) == []
    text = as_yaml(document_of(register.known()), {})
    assert "the-value" not in text
    assert sha256_of("the-value") in text


def test_a_key_by_its_id_is_known_by_its_digest(register: CustomerRegister) -> None:
    """The same key, named by its SHA-256 or by its id in API Gateway, is one."""
    register.values["a1b2"] = "the-value"
    by_id = entry(apiKeys=[{"keyId": "gate", "apiGatewayKeyId": "a1b2"}])
    (change,) = register.apply(file_of(by_id))
    assert isinstance(change.command, CredentialCommand)
    assert change.command.api_key_sha256 == sha256_of("the-value")
    by_digest = entry(apiKeys=[{"keyId": "gate", "sha256": sha256_of("the-value")}])
    assert register.changes(file_of(by_digest)) == []


IDS = st.sampled_from(["cus_a", "no", "1e5", "0123", "2026-11-01", "a:b@c/d=", "Yes"])
RATES = st.one_of(st.integers(0, 1000).map(float), st.floats(0, 1e6), st.just(1e-7))
HOURS = st.integers(400_000, 500_000)


@st.composite
def grants(draw: st.DrawFn) -> StandingCommand:
    fields: dict[str, Any] = {"kind": "grant", "customerId": draw(IDS), "version": draw(VERSIONS)}
    fields["meter"] = draw(st.sampled_from(["api_calls", "data", "1.5"]))
    fields |= {"limit": draw(st.integers(0, 2**53 - 1)), "burst": draw(st.integers(0, 100))}
    fields |= {"ratePerSecond": draw(RATES), "lagSeconds": draw(RATES)}
    fields["allowWhenUnknown"] = draw(st.none() | st.booleans())
    if draw(st.booleans()):
        fields["period"] = draw(st.sampled_from(["month", "day", "hour"]))
        if fields["period"] == "month":
            fields["anchorDay"] = draw(st.integers(1, 31))
    else:
        start = draw(HOURS)
        fields |= {"startMs": start * HOUR_MS, "endMs": (start + 24) * HOUR_MS}
        if draw(st.booleans()):
            window = {"startMs": (start + 24) * HOUR_MS, "endMs": (start + 30) * HOUR_MS}
            fields["upcoming"] = {"limit": 1, **window}
    return STANDING_COMMAND.validate_python(fields, strict=False)


VERSIONS = st.integers(1, 1000)
CREDENTIALS = st.fixed_dictionaries(
    {
        "kind": st.just("credential"),
        "apiKeySha256": st.sampled_from([DIGEST, OTHER, "1" * 64, "12e4" * 16]),
        "customerId": IDS,
        "keyId": IDS,
        "scopes": st.lists(st.sampled_from(["read", "no", "12", "a,b"]), max_size=2),
        "environment": st.sampled_from(["live", "sandbox"]),
        "usageIdentifier": st.none() | st.just("plan"),
        "revoked": st.booleans(),
        "version": VERSIONS,
    }
).map(lambda fields: STANDING_COMMAND.validate_python(fields, strict=False))
STATUSES = st.fixed_dictionaries(
    {
        "kind": st.just("status"),
        "customerId": IDS,
        "status": st.sampled_from(Status),
        "version": VERSIONS,
    }
).map(lambda fields: STANDING_COMMAND.validate_python(fields, strict=False))
PLANS = st.builds(
    lambda who, plan, version: STANDING_COMMAND.validate_python(
        {"kind": "usage_plan", "customerId": who, "usageIdentifier": plan, "version": version}
    ),
    IDS,
    st.none() | st.just("plan"),
    VERSIONS,
)
MODES = st.builds(
    lambda who, mode, version: STANDING_COMMAND.validate_python(
        {"kind": "mode", "customerId": who, "mode": mode, "version": version}, strict=False
    ),
    IDS,
    st.sampled_from([None, "shadow", "enforce"]),
    VERSIONS,
)
COMMANDS = st.lists(st.one_of(grants(), CREDENTIALS, STATUSES, PLANS, MODES), max_size=12)


@settings(max_examples=150, deadline=None)
@given(commands=COMMANDS, suffix=st.sampled_from([".yaml", ".csv"]))
def test_what_was_exported_changes_nothing(commands: list[StandingCommand], suffix: str) -> None:
    """Whatever was stated by whichever command; and on an empty register it makes the same."""
    register = CustomerRegister()
    register.state(commands)
    known = register.known()
    document = document_of(known)
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"exported{suffix}"
        # What follows a grant has no column, and a spreadsheet takes 1e5 for a number.
        has_no_cell = any(word in json.dumps(document) for word in ('"upcoming"', '"1e5"'))
        if suffix == ".csv" and has_no_cell:
            with pytest.raises(Permanent, match="write YAML"):
                write_customers(document, file)
            return
        write_customers(document, file)
        read = read_customers(file).file
    assert register.changes(read, is_all=True) == []
    if "usagePlanKeySha256" not in json.dumps(document):
        other = CustomerRegister()
        other.apply(read)
        assert _alike(document_of(other.known()), document)


def _alike(left: Any, right: Any) -> bool:
    """A customer that says nothing but that he is active is as good as none."""
    return _said(left) == _said(right)


def _said(document: Any) -> list[Any]:
    return [
        one
        for one in document["customers"]
        if one.keys() - {"customerId", "standing"} or one["standing"] != "active"
    ]


@settings(max_examples=100, deadline=None)
@given(commands=COMMANDS, stated=COMMANDS, is_all=st.booleans())
def test_applied_once_a_file_is_how_it_is(
    commands: list[StandingCommand],
    stated: list[StandingCommand],
    is_all: bool,  # noqa: FBT001 - Hypothesis
) -> None:
    """Whatever was there before, applied again it changes nothing."""
    with_plan = [one for one in stated if one.kind != "usage_plan"]
    wanted = CustomerRegister()
    wanted.state(with_plan)
    file = CustomerFile.model_validate(document_of(wanted.known()))
    register = CustomerRegister()
    register.state(commands)
    register.apply(file, is_all=is_all)
    assert register.changes(file, is_all=is_all) == []


def test_a_file_is_not_written_over(tmp_path: Path) -> None:
    """It may be somebody's customers."""
    write_customers({"customers": []}, tmp_path / "c.yaml")
    with pytest.raises(Permanent, match="is there"):
        write_customers({"customers": []}, tmp_path / "c.yaml")


def test_what_a_grant_was_before_is_known_whatever_comes_first() -> None:
    """The register gives commands in no order."""
    old = GrantCommand.model_validate(
        {"customerId": "c", "meter": "m", **GRANT, "allowWhenUnknown": True, "version": 1},
        strict=False,
    )
    new = old.model_copy(update={"version": 2, "allow_when_unknown": None, "limit": 7})
    for commands in ([old, new], [new, old]):
        known = KnownCustomers(commands)["c"]
        assert known.grants["m"] is new
        assert known.when_unknown is True


def test_a_csv_has_a_row_for_each_grant_or_key() -> None:
    """So that a spreadsheet shows one below the other."""
    two = {**GRANT, "meter": "data"}
    text = as_csv({"customers": [entry(grants=[GRANT, two], apiKeys=[KEY], plan="")]})
    rows = text.splitlines()
    assert len(rows) == 3
    assert rows[1].startswith("cus_a,,,,,,,,100,month")
