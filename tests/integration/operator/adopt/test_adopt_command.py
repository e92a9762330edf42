"""Adopting an API whose stage, methods and log group are real as far as the emulator's are."""

from collections.abc import Iterator

import boto3
import pytest

from functions.operator.adopt.carrying_out import CarryingOut
from tests.integration.operator.adopt.adoptable import FORMAT, Adoptable, made_adoptable
from tests.local.ministack import Ministack


@pytest.fixture
def adoptable(on_ministack: Ministack) -> Iterator[Adoptable]:
    yield from made_adoptable(CREDENTIAL_HEADER="either")


def test_the_plan_says_all_and_changes_nothing(
    adoptable: Adoptable, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is, what would change, what it means and costs, and the next command."""
    before = adoptable.everything()
    customer = f"{adoptable.keys[0]}=cus_acme"
    assert adoptable.adopt("--phase", "shadow", "--customer", customer) == 0
    out, err = capsys.readouterr()
    assert "4: 2 NONE, 1 AWS_IAM, 1 CUSTOM (own-auth); 1 need an API key; 1 OPTIONS" in out
    assert f"2 in 1 usage plan (gold); no customer yet: {adoptable.keys[1]}" in out
    assert f"{adoptable.log_group}: 1 of 2 subscription filters used (datadog -> " in out
    assert "JSON, lacks extendedRequestId, apiId, stage, customerId" in out
    assert "status = httpStatus" in out
    assert "would change, phase shadow:" in out
    assert "authorizer on GET /orders: was NONE" in out
    assert "would not change: OPTIONS /orders: a preflight" in out
    assert "would not change: GET /reports: asks the authorizer own-auth" in out
    assert "nobody is refused" in out
    assert "cost: about $4.60 for a million" in out
    option = f"--stack {adoptable.stack} --phase shadow --customer {customer} --apply"
    assert f"apply: aforo-metering adopt --api {adoptable.api} --stage prod {option}" in out
    assert "nothing was changed" in err
    assert adoptable.everything() == before
    assert adoptable.records() == []


def test_three_phases_and_back(adoptable: Adoptable, capsys: pytest.CaptureFixture[str]) -> None:
    """Each does what it says; done again it does nothing; undone all is as it was."""
    before = adoptable.everything()
    customer = f"{adoptable.keys[0]}=cus_acme"
    assert adoptable.adopt("--customer", customer, "--apply") == 0
    assert adoptable.adopt("--customer", customer, "--apply") == 0
    assert "nothing to change: phase meter is done" in capsys.readouterr().err
    found = adoptable.stage()["accessLogSettings"]["format"]
    assert found.endswith(FORMAT.removeprefix("{"))
    assert sorted(adoptable.filters()) == ["aforo-metering", "datadog"]
    configuration = adoptable.configuration()
    (source,) = configuration["sources"]
    assert (source["apiId"], source["stage"]) == (adoptable.api, "prod")
    version = configuration["versions"][-1]
    assert version["customers"] == {adoptable.keys[0]: "cus_acme"}
    assert version["accessLogs"][adoptable.log_group]["fields"]["status"] == "httpStatus"

    assert adoptable.adopt("--phase", "shadow", "--apply") == 0
    assert "8/8 deployment of prod" in capsys.readouterr().err
    assert adoptable.method("/orders", "GET")["authorizationType"] == "CUSTOM"
    assert adoptable.method("/orders", "GET")["apiKeyRequired"] is True
    assert adoptable.method("/orders", "OPTIONS")["authorizationType"] == "NONE"
    assert adoptable.stage()["variables"] == {"backend": "blue", "aforoMode": "shadow"}
    assert adoptable.adopt("--phase", "enforce", "--apply") == 0
    assert adoptable.stage()["variables"]["aforoMode"] == "enforce"

    assert adoptable.adopt("--undo") == 0
    assert adoptable.stage()["variables"]["aforoMode"] == "shadow"
    assert adoptable.adopt("--undo", "--phase", "meter") == 0
    assert adoptable.everything() == before
    states = [one["state"] for record in adoptable.records() for one in record["changes"]]
    assert set(states) == {"undone"}
    assert adoptable.adopt("--undo") == 0
    assert "nothing to take back" in capsys.readouterr().err


def test_a_stop_changes_nothing(adoptable: Adoptable, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 1, with the cure; a record is written by nobody."""
    before = adoptable.everything()
    assert adoptable.adopt("--phase", "enforce", "--apply") == 1
    out, err = capsys.readouterr()
    assert "STOP the authorizer has not decided in shadow" in out
    assert "1 STOP: nothing was changed" in err
    assert adoptable.everything() == before
    assert adoptable.records() == []


def test_what_is_not_there_is_named(
    adoptable: Adoptable, capsys: pytest.CaptureFixture[str]
) -> None:
    """The API, with its Region; the stage and the method, with those that are."""
    assert adoptable.adopt("--phase", "shadow", "--method", "GET /nowhere") == 2
    assert "the API has no such method (it has GET /health" in capsys.readouterr().err
    assert adoptable.adopt(stage="beta") == 2
    assert "--stage beta: the API" in (told := capsys.readouterr().err)
    assert "(it has prod)" in told
    assert adoptable.adopt(api="nowhere") == 2
    assert "--api nowhere: no REST API of 000000000000 in us-east-1" in capsys.readouterr().err


def test_an_apply_that_was_stopped_goes_on_where_it_stood(
    adoptable: Adoptable, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the same record; and what it did is undone with the rest."""
    before = adoptable.everything()
    waits = 0

    def stopped(_self: CarryingOut, *_: object) -> None:
        nonlocal waits
        waits += 1
        if waits == 7:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(CarryingOut, "_wait_for_others", stopped)
        with pytest.raises(KeyboardInterrupt):
            adoptable.adopt("--phase", "shadow", "--apply")
    (record,) = adoptable.records()
    # What was made last may not be marked yet: it is done again, or taken back.
    assert [one["state"] for one in record["changes"]][:7] == [*["done"] * 5, "begun", "planned"]
    assert adoptable.adopt("--phase", "shadow", "--apply") == 0
    (record,) = adoptable.records()
    assert {one["state"] for one in record["changes"]} == {"done"}
    assert adoptable.adopt("--undo") == 0
    assert adoptable.everything() == before


def test_an_api_of_a_tool_is_changed_there(
    adoptable: Adoptable, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its snippet is printed; --apply changes nothing, unless --even-so."""
    arn = f"arn:aws:apigateway:us-east-1::/restapis/{adoptable.api}"
    boto3.client("apigateway").tag_resource(resourceArn=arn, tags={"managed-by": "terraform"})
    before = adoptable.everything()
    assert adoptable.adopt("--made-by", "terraform", "--apply") == 1
    out, err = capsys.readouterr()
    assert 'resource "aws_cloudwatch_log_subscription_filter" "aforo_metering"' in out
    assert "nothing was changed: terraform does, or --even-so" in err
    assert adoptable.everything() == before
    assert adoptable.adopt("--made-by", "terraform", "--apply", "--even-so") == 0
    assert "aforo-metering" in adoptable.filters()
