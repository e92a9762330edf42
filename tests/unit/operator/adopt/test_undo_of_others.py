"""An undo after others changed, deleted or deployed something, and what cannot be told."""

import pytest

from functions.operator.adopt.adoption_apply import look_and_apply
from functions.operator.adopt.adoption_order import AdoptionOrder
from functions.operator.adopt.adoption_undo import take_back
from functions.operator.adopt.carrying_out import TakingUp
from functions.operator.adopt.planned_change import ChangeKind
from tests.fakes.adopting import GROUP, NOW_MS, World, method, world

SHADOW = AdoptionOrder(phase="shadow")
OPEN = {("/orders", "GET"): method(), ("/pets", "GET"): method()}


def applied() -> World:
    shape = world(OPEN)
    shape.apply(SHADOW)
    return shape


def test_what_is_gone_stands_in_no_undos_way() -> None:
    """A resource that a colleague deleted, and the log group: all else goes back."""
    shape = applied()
    del shape.gateway.resources["/orders"]
    shape.gateway.create_deployment(stageName="prod")
    del shape.logs.filters[GROUP]
    assert shape.undo_all(deploys_pending=True) == []
    assert shape.gateway.stages["prod"]["variables"] == {}
    pets = shape.gateway.resources["/pets"]["resourceMethods"]["GET"]
    assert pets["authorizationType"] == "NONE"
    assert not any(one.stands for one in shape.opened.records.newest_first())


def test_a_stage_that_nobody_can_read_keeps_its_authorizer() -> None:
    """It may be asked there: without it callers would be answered 500."""
    shape = applied()
    shape.gateway.create_deployment(stageName="beta")
    shape.gateway.not_exported = {"beta"}
    left = {one.change.kind: one.why for one in shape.undo_all()}
    assert left.keys() == {ChangeKind.AUTHORIZER, ChangeKind.PERMISSION}
    assert "stage beta" in left[ChangeKind.AUTHORIZER]
    # Methods are all stages': what beta is deployed with next asks nobody.
    assert "the next deployment there ends it" in left[ChangeKind.AUTHORIZER]


def test_a_colleagues_deployment_of_meanwhile_is_what_an_undo_goes_back_to() -> None:
    """It came between the plan and ours; the one before it is not put before callers again."""
    shape = world(OPEN)
    found = shape.read(SHADOW)
    theirs = shape.gateway.create_deployment(stageName="prod", description="theirs")["id"]
    shape.carry_out(found)
    assert shape.gateway.stages["prod"]["deploymentId"] != theirs
    assert shape.undo_all() == []
    assert shape.gateway.stages["prod"]["deploymentId"] == theirs


def test_a_deployment_that_was_made_and_not_put_on_record_is_known_as_ours() -> None:
    """An apply may end between the two; nobody else has deployed."""
    shape = world(OPEN)
    served = shape.gateway.stages["prod"]["deploymentId"]
    shape.bucket.dies_when = '"deploymentId": "dep3"'
    with pytest.raises(KeyboardInterrupt):
        shape.apply(SHADOW)
    shape.bucket.dies_when = ""
    assert shape.gateway.stages["prod"]["deploymentId"] != served
    assert shape.undo_all() == []
    assert shape.gateway.stages["prod"]["deploymentId"] == served


def test_a_deployment_that_was_deleted_since_is_told() -> None:
    """The stage cannot go back to it; --deploy-pending deploys what is there."""
    shape = applied()
    served = shape.gateway.stages["prod"]["deploymentId"]
    del shape.gateway.deployments["dep1"]
    left = {one.change.kind: one.why for one in shape.undo_all()}
    assert "its old deployment was deleted" in left[ChangeKind.DEPLOYMENT]
    assert shape.gateway.stages["prod"]["deploymentId"] == served
    assert "aforo" in {one["name"] for one in shape.gateway.authorizers.values()}
    assert shape.undo_all(deploys_pending=True) == []
    assert "aforo" not in {one["name"] for one in shape.gateway.authorizers.values()}


def test_an_apply_that_ends_half_way_says_both_ways_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An error of AWS, or Ctrl-C: the API is not left without a word."""
    shape = world(OPEN)
    shape.gateway.dies_at = {"update_method"}
    order = AdoptionOrder(phase="shadow", is_applied=True, now_ms=NOW_MS)
    with pytest.raises(KeyboardInterrupt):
        look_and_apply(shape.opened, order, None, TakingUp(0, 0))
    captured = capsys.readouterr()
    assert "it ended half way; on record in adoptions/api1/prod/" in captured.err
    command = "aforo-metering adopt --api api1 --stage prod --stack ours"
    assert f"complete: {command} --phase shadow --apply" in captured.out
    assert f"or back: {command} --undo" in captured.out


def test_a_log_group_of_ours_with_lines_stays_and_the_record_before_it_is_next(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Lines are usage. It is told, it is no fault, and the next undo takes back what is older."""
    shape = applied()  # on record before
    del shape.gateway.stages["prod"]["accessLogSettings"]  # a colleague's deploy
    shape.logs.filters.clear()
    shape.apply(AdoptionOrder())
    (group,) = shape.logs.filters
    shape.logs.written.add(group)

    def undo() -> int:
        return take_back(shape.opened, AdoptionOrder(now_ms=NOW_MS), None, TakingUp(0, 0))

    assert undo() == 0
    captured = capsys.readouterr()
    assert f"adopt: kept: log group {group}: there are lines in it" in captured.err
    assert "left as it is" not in captured.out
    assert group in shape.logs.filters
    assert [one.phase for one in shape.opened.records.newest_first() if one.stands] == ["shadow"]
    undo()
    assert "taking back phase shadow" in capsys.readouterr().err
