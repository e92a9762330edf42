"""Whoever changes a closed statement, or the ledger that it is made of, is found."""

import gzip

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.operator.statement.closed_chain import RETENTION_DAYS
from functions.operator.statement.statement_document import SignedText, signed
from functions.operator.statement.usage_sums import DEDUP_WINDOW_MS
from functions.usage.moment import iso_from_epoch_ms
from tests.fakes.settled_row import settled_row
from tests.template.stack import template
from tests.unit.operator.statement.customer_ledger import (
    AUGUST,
    OCTOBER,
    SEPTEMBER,
    CustomerLedger,
)


def closed_ledger() -> CustomerLedger:
    """Three closed months; in October stands what came late to September."""
    ledger = CustomerLedger()
    for month in (AUGUST, SEPTEMBER, OCTOBER):
        at = iso_from_epoch_ms(month.start_ms)
        aside = {"outcome": "set_aside", "setAsideClass": "config", "verified": False}
        rows = [settled_row(f"{month}-1", at), settled_row(f"{month}-2", at, **aside)]
        ledger.write([rows, [settled_row(f"{month}-3", at, customerId="cus_b")]])
        if month == OCTOBER:
            late = iso_from_epoch_ms(SEPTEMBER.start_ms)
            ledger.write([[settled_row(f"{SEPTEMBER}-2", late, replayId="replay-1")]])
        ledger.close(month)
    return ledger


CLOSED = closed_ledger()
# Objects of which a statement is made: those with a row of the customer, and no others.
NAMES = sorted(
    name
    for name, body in CLOSED.bucket.objects.items()
    if name.startswith("statements/")
    or (name.startswith("ledger/") and b"cus_a" in gzip.decompress(body))
)


def copied() -> CustomerLedger:
    ledger = CustomerLedger(writes=CLOSED.writes)
    ledger.bucket.objects = dict(CLOSED.bucket.objects)
    return ledger


def test_what_nobody_changed_is_unchanged() -> None:
    """Each month once, with how many objects it is made of."""
    status, found = copied().verify()
    assert status == 0
    assert [(one["month"], one["result"], one["detail"]) for one in found] == [
        ("2026-08", "unchanged", "1 objects"),
        ("2026-09", "unchanged", "1 objects"),
        ("2026-10", "unchanged", "2 objects"),
    ]


@given(st.sampled_from(NAMES), st.data())
def test_every_byte_counts(name: str, data: st.DataObject) -> None:
    """Of a statement, of a list, of an object of the ledger: one that is another one is found."""
    ledger = copied()
    body = bytearray(ledger.bucket.objects[name])
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] = data.draw(st.integers(0, 255).filter(lambda other: other != body[at]))
    ledger.bucket.objects[name] = bytes(body)
    status, found = ledger.verify()
    assert status == 1
    changed = [one["detail"] for one in found if one["result"] == "changed"]
    assert changed
    if name.startswith("ledger/"):
        assert f"{name} was changed" in changed


@given(st.sampled_from(NAMES))
def test_an_object_that_is_gone_is_named(name: str) -> None:
    """Also a statement, by its number or by the lists that it leaves."""
    ledger = copied()
    del ledger.bucket.objects[name]
    status, found = ledger.verify()
    assert status == 1
    changed = [one["detail"] for one in found if one["result"] == "changed"]
    assert changed
    if name.startswith("ledger/"):
        assert f"{name} is gone" in changed


@settings(max_examples=30)
@given(st.sampled_from([AUGUST, SEPTEMBER, OCTOBER]), st.sampled_from(["billed", "late", "month"]))
def test_a_statement_that_was_signed_anew_is_found(month: object, changed: str) -> None:
    """By the statement that follows it; the last one, by what it is made of."""
    ledger = copied()
    name = f"statements/cus_a/{month}.json"
    read = SignedText.read(ledger.bucket.objects[name])
    assert read is not None
    fields = {**read.fields}
    if changed == "month":
        fields["ledger"] = {**read.closed.ledger.model_dump(by_alias=True), "objects": 9}
    else:
        usage = {**read.closed.usage, changed: [{"meter": "m", "events": 9, "quantity": "9"}]}
        fields["usage"] = usage
    ledger.bucket.objects[name] = signed(fields)
    assert SignedText.read(ledger.bucket.objects[name]) is not None
    status, found = ledger.verify()
    assert status == 1
    assert any(one["result"] == "changed" for one in found)


def test_rows_added_after_closing_are_told_and_are_no_change() -> None:
    """They stand in the next statement, and then the months are unchanged again."""
    ledger = copied()
    late = iso_from_epoch_ms(AUGUST.start_ms)
    ledger.write([[settled_row(f"{AUGUST}-2", late), settled_row(f"{AUGUST}-4", late)]])
    status, found = ledger.verify()
    assert status == 0
    assert [one["result"] for one in found] == ["added", "unchanged", "unchanged"]
    assert found[0]["detail"].startswith("1 objects after closing: +2 events billed, -1 set aside;")
    statement = ledger.close(OCTOBER.following())
    (later,) = statement["settledAfterClosing"]
    assert (later["month"], later["objects"]) == ("2026-08", 1)
    assert later["usage"]["billed"] == [{"meter": "api_calls", "events": 2, "quantity": "2"}]
    assert {one["result"] for one in ledger.verify()[1]} == {"unchanged"}


def test_what_is_older_than_the_ledger_keeps_is_no_change() -> None:
    """The lifecycle rule removes it after 400 days; its writer's name says when it was written."""
    ledger = CustomerLedger()
    at = iso_from_epoch_ms(AUGUST.start_ms)
    ledger.write([[settled_row("old", at)]])
    (name,) = ledger.bucket.objects
    old = name.replace("20261123T", "20251018T")
    ledger.bucket.objects[old] = ledger.bucket.objects.pop(name)
    ledger.close(AUGUST)
    del ledger.bucket.objects[old]
    status, found = ledger.verify()
    assert status == 0
    detail = "1 objects are older than the 400 days that the ledger keeps"
    assert found == [{"month": "2026-08", "result": "expired", "detail": detail}]


def test_what_is_kept_and_remembered_is_as_the_template_says() -> None:
    """The days of the ledger, and of the dedup window where nobody changes it."""
    (rule,) = template()["Resources"]["LedgerBucket"]["Properties"]["LifecycleConfiguration"][
        "Rules"
    ]
    assert rule["ExpirationInDays"] == RETENTION_DAYS
    assert template()["Parameters"]["DedupWindowSeconds"]["Default"] * 1000 == DEDUP_WINDOW_MS


def test_without_a_closed_month_there_is_nothing_to_check() -> None:
    """It says where it looked."""
    ledger = CustomerLedger()
    assert ledger.verify() == (1, [])
    assert ledger.said == (
        "statement: no month of cus_a was closed: s3://ledger/statements/cus_a/ has no statement\n"
    )
