"""A file of customers: read as it seems to be, or refused with line, field and fix."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.operator.customers.reading_customers import (
    CustomerFileError,
    ReadCustomers,
    read_customers,
)
from functions.operator.customers.spreadsheet_rows import read_csv
from functions.operator.customers.yaml_values import read_yaml
from functions.usage.errors import Permanent

DIGEST = "ab" * 32
HEAD = "customerId,limit,period,ratePerSecond,burst,keyId,sha256\n"
GRANT = "{limit: 10, period: month, ratePerSecond: 1, burst: 2}"
KEY = "a-key-that-is-no-digest-and-must-not-be-said"


def customer(**fields: object) -> str:
    """YAML of one customer; `fields` are YAML already."""
    named = {"customerId": "cus_a", "grants": f"[{GRANT}]", **fields}
    return "customers:\n- " + "\n  ".join(f"{name}: {text}" for name, text in named.items()) + "\n"


def read(tmp_path: Path, text: str | bytes, name: str = "c.yaml") -> ReadCustomers:
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_customers(file)


def faults(tmp_path: Path, text: str, name: str = "c.yaml") -> list[str]:
    with pytest.raises(CustomerFileError) as raised:
        read(tmp_path, text, name)
    return list(raised.value.faults)


def test_plans_and_own_grants(tmp_path: Path) -> None:
    """A plan is a set of grants; of a meter the customer's own stands before it."""
    text = f"""
plans:
  gold:
    whenUnknown: allow
    grants:
    - {GRANT}
    - {{meter: data, limit: 5, period: day, ratePerSecond: 2.5, burst: 1}}
{customer(plan="gold", grants="[{meter: data, limit: 7, period: day, ratePerSecond: 1, burst: 1}]")}
"""
    file = read(tmp_path, text).file
    (entry,) = file.customers
    limits = {meter: grant.limit for meter, grant in file.grants_of(entry).items()}
    assert limits == {"api_calls": 10, "data": 7}
    assert file.when_unknown_of(entry) == "allow"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"standing": "no"}, "line 4: customers.0.standing: no is a truth value in YAML"),
        ({"standing": "gone"}, "line 4: customers.0.standing: is none of active"),
        ({"customerId": "12345"}, "line 2: customers.0.customerId: must be text, in quotes"),
        ({"customerId": "0123"}, "YAML reads 0123 as another number"),
        ({"customerId": "1_000"}, "YAML reads 1_000 as another number"),
        ({"customerId": "a b"}, "customerId: must be 1 to 128 letters"),
        ({"customerId": "'null'"}, "is what a program writes where it has no value"),
        ({"customerId": "!!binary aGk="}, "the tag binary means nothing here"),
        ({"plan": "gold"}, "line 4: plan: there is no plan gold"),
        ({"colour": "red"}, "line 4: customers.0.colour: is no field here"),
        ({"customer_id": "c"}, "did you mean customerId?"),
        ({"apiKeys": f"[{{keyId: k, sha256: {KEY}}}]"}, "must be 64 hex digits"),
        ({"apiKeys": "[{keyId: k}]"}, "sha256: give it, or apiGatewayKeyId"),
        (
            {"apiKeys": f"[{{keyId: k, sha256: {DIGEST}}}, {{keyId: l, sha256: {DIGEST}}}]"},
            "apiKeys: l is the same key as the one at line 4",
        ),
        ({"grants": f"[{GRANT}, {GRANT}]"}, "two of them are for the meter api_calls"),
        ({"grants": "[{limit: 1, ratePerSecond: 1, burst: 1}]"}, "period: give either a period"),
        ({"grants": "[{period: day, ratePerSecond: 1, burst: 1}]"}, "limit: is needed"),
        (
            {"grants": "[{limit: 1, start: soon, end: 2026-01-01, ratePerSecond: 1, burst: 1}]"},
            "grants.0.start: ",
        ),
        ({"usagePlanKeyId": "a", "usagePlanKeySha256": DIGEST}, "and not both"),
        ({"<<": "{a: b}"}, "<< is not read here"),
    ],
)
def test_what_is_wrong_in_yaml(tmp_path: Path, fields: dict[str, object], said: str) -> None:
    """With its line, its field, and what to write there; no secret is said again."""
    found = faults(tmp_path, customer(**fields))
    assert any(said in fault for fault in found), found
    assert not any(KEY in fault for fault in found)


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    """Of all customers, those that YAML hides too."""
    text = customer(standing="yes") + customer(standing="gone")[len("customers:\n") :]
    found = faults(tmp_path, text + "- {customerId: cus_a, grants: []}\n- {grants: []}\n")
    assert [fault.split(": ")[0] for fault in found] == ["line 4", "line 7", "line 9"]
    assert "customerId: is needed" in found[-1]


def test_a_customer_stands_once(tmp_path: Path) -> None:
    """Two entries of one customer would contradict each other some day."""
    (found,) = faults(tmp_path, customer() + customer()[len("customers:\n") :])
    assert found.startswith("line 4: customerId: cus_a stands at line 2 too")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("customers: [", "is no YAML"),
        ("customers:\n\t- a", "is no YAML"),
        ("a: 1\na: 2\n", "line 2: a: stands a second time, after line 1"),
        ('{"a": 1,\n"\\u0061": 2}\n', "line 2: a: stands a second time, after line 1"),
        ("- a\n", "the file: must be an object"),
        ("", "the file: must be an object"),
        ("customers: []\n---\ncustomers: []\n", "is no YAML"),
    ],
)
def test_what_is_no_file_of_customers(tmp_path: Path, text: str, said: str) -> None:
    """It is told as a whole."""
    assert any(said in fault for fault in faults(tmp_path, text))


def test_a_spreadsheets_file(tmp_path: Path) -> None:
    """With its mark at the beginning, semicolons, TRUE, empty rows; rows of a customer are one."""
    text = (
        "\ufeffcustomerId;limit;period;ratePerSecond;burst;keyId;sha256;revoked;scopes\r\n"
        f"cus_a;1000;month;2.5;10;k1;{DIGEST};;read write\r\n"
        ";;;;;;;;\r\n"
        f"cus_a;;;;;k2;{'cd' * 32};TRUE;\r\n"
    )
    (entry,) = read(tmp_path, text, "c.csv").file.customers
    assert [key.key_id for key in entry.api_keys] == ["k1", "k2"]
    assert [key.revoked for key in entry.api_keys] == [None, True]
    assert entry.api_keys[0].scopes == ["read", "write"]
    assert (entry.grants[0].limit, entry.grants[0].rate_per_second) == (1000, 2.5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + 'cus_a,"1,000",month,1,1,,\n', "row 2, column limit: 1,000 may be a thousand"),
        (HEAD + "cus_a,1.000,month,1,1,,\n", "row 2, column limit: 1.000 may be a thousand"),
        (HEAD + 'cus_a,1,month,"2,5",1,,\n', "column ratePerSecond: 2,5 has a comma"),
        (HEAD + "cus_a,1E+05,month,1,1,,\n", "column limit: 1E+05 is how a spreadsheet shows"),
        (HEAD + "1.23E+11,1,month,1,1,,\n", "column customerId: 1.23E+11 is what a spreadsheet"),
        (HEAD + "cus_a,many,month,1,1,,\n", "column limit: 'many' is not a whole number"),
        (HEAD + "cus_a,1,month\n", "row 2: has 3 cells, and the header 7"),
        (HEAD + "cus_a,1,year,1,1,,\n", "row 2, column period: customers.0.grants.0.period: is"),
        (HEAD + f"cus_a,,,,,k,{KEY}\n", "row 2, column sha256: "),
        (HEAD.replace("limit", "Limits"), "row 1: 'Limits' is no column here: did you mean limit?"),
        (HEAD.replace("burst", "limit"), "row 1: the column limit stands twice"),
        ("limit\n1\n", "row 1: the column customerId is needed"),
        (
            "customerId,standing\ncus_a,active\ncus_a,closed\n",
            "row 3, column standing: closed is not active, as row 2, column standing says",
        ),
        (HEAD + 'cus_a,"1\n', "is no CSV"),
    ],
)
def test_what_is_wrong_in_a_csv(tmp_path: Path, text: str, said: str) -> None:
    """With row and column; what a spreadsheet made of a number is not guessed."""
    found = faults(tmp_path, text, "c.csv")
    assert any(said in fault for fault in found), found
    assert not any(KEY in fault for fault in found)


def test_plans_of_a_csv_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    """Which may hold nothing else."""
    plans = tmp_path / "plans.yaml"
    plans.write_text(f"plans: {{gold: {{grants: [{GRANT}]}}}}\n")
    table = tmp_path / "c.csv"
    table.write_text("customerId,plan\ncus_a,gold\n")
    file = read_customers(table, plans).file
    assert file.grants_of(file.customers[0])["api_calls"].limit == 10
    plans.write_text("customers: []\n")
    with pytest.raises(Permanent, match="must hold plans"):
        read_customers(table, plans)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a".encode("utf-16"), "is UTF-16"),
        (b"customerId\n\xe9\n", "line 2 is not UTF-8"),
        (None, "there is no such file"),
    ],
)
def test_what_is_no_text(tmp_path: Path, content: bytes | None, said: str) -> None:
    """The fix is the program's that saved it."""
    if content is not None:
        (tmp_path / "c.csv").write_bytes(content)
    with pytest.raises(Permanent, match=said):
        read_customers(tmp_path / "c.csv")


@given(st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    """Whatever stands in a file, values or faults leave."""
    for document in (read_yaml(text), read_csv(text)):
        assert isinstance(document.faults, list)


@pytest.mark.parametrize("text", ["customers: &a [*a]", "[" * 2000 + "]" * 2000])
def test_no_depth_is_too_much(text: str) -> None:
    """A part inside of itself, and levels without an end: told, and the command stays alive."""
    assert read_yaml(text).faults


def test_much_of_little_is_refused_before_the_memory_is_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Anchors in anchors make a file of a page as large as they like."""
    monkeypatch.setattr("functions.operator.customers.yaml_values._MOST_VALUES", 1000)
    laughs = "\n".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 20))
    (fault,) = read_yaml(f"a0: &a0 [x]\n{laughs}\n").faults
    assert fault == "the file: states more than 1,000 values: are there anchors in it?"
