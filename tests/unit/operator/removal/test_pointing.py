"""How an authorizer is taken off."""

from functions.operator.removal.pointing import Pointing


def test_the_commands_end_with_the_deployment_of_each_stage() -> None:
    """Until then the stages ask what was deployed."""
    found = Pointing("api1", "Shop", ("auth1",), (("res1", "GET"),), ("live", "test"))
    method, authorizer, live, test = found.commands()
    assert "update-method --rest-api-id api1 --resource-id res1 --http-method GET" in method
    assert authorizer.endswith("delete-authorizer --rest-api-id api1 --authorizer-id auth1")
    assert live.endswith("create-deployment --rest-api-id api1 --stage-name live")
    assert test.endswith("--stage-name test")
