"""How a change of the authorizer reaches callers: template.yaml as SAM transforms it."""

import copy
from typing import Any

import pytest
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from tests.template.stack import resources, template, variables

AUTHORIZER = resources("AWS::Serverless::Function")["AuthorizerFunction"]["Properties"]
SETTINGS = template()["Resources"]["AuthorizerSettings"]["Properties"]
CODE = "0123456789abcdef0123456789abcdef"
GRADUAL = ("Canary10Percent5Minutes", "Canary10Percent15Minutes", "Linear10PercentEvery1Minute")


def transformed(code: str = CODE, **parameters: str) -> dict[str, Any]:
    """The resources that CloudFormation gets, after `sam package` has uploaded the code."""
    source = copy.deepcopy(template())
    source["Globals"]["Function"]["CodeUri"] = {"Bucket": "artifacts", "Key": code}
    for machine in source["Resources"].values():
        if machine["Type"] == "AWS::Serverless::StateMachine":
            machine["Properties"]["DefinitionUri"] = {"Bucket": "artifacts", "Key": code}
    values = {name: given.get("Default") for name, given in source["Parameters"].items()}
    values |= {"AforoTenantId": "acme", "DemoApi": "true"} | parameters
    values |= {"AWS::Region": "eu-west-1", "AWS::Partition": "aws"}
    found: dict[str, Any] = Translator({}, Parser()).translate(source, values)["Resources"]
    return found


def of_type(found: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: each for name, each in found.items() if each["Type"] == kind}


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    """SAM asks boto3 for one."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


def test_api_gateway_calls_the_alias() -> None:
    """The demo's authorizer, its permission, the permission of an existing API, and the output."""
    found = transformed()
    (alias,) = of_type(found, "AWS::Lambda::Alias")
    (authorizer,) = found["DemoApiGateway"]["Properties"]["Body"]["securityDefinitions"].values()
    uri = authorizer["x-amazon-apigateway-authorizer"]["authorizerUri"]
    assert uri["Fn::Sub"][1] == {"__FunctionArn__": {"Ref": alias}}
    permitted = [
        each["Properties"]["FunctionName"]
        for each in of_type(found, "AWS::Lambda::Permission").values()
    ]
    assert permitted.count({"Ref": alias}) == 2
    assert template()["Outputs"]["AuthorizerAliasArn"]["Value"] == {
        "Ref": "AuthorizerFunction.Alias"
    }


def test_an_api_that_names_the_function_may_still_call_it() -> None:
    """It was attached before there was an alias: without its permission it answers 500 to all."""
    kept = template()["Resources"]["AuthorizerPermission"]["Properties"]
    assert kept["FunctionName"] == {"Fn::GetAtt": "AuthorizerFunction.Arn"}
    also = template()["Resources"]["AuthorizerAliasPermission"]["Properties"]
    assert kept | {"FunctionName": also["FunctionName"]} == also


@pytest.mark.parametrize("kind", GRADUAL)
def test_callers_move_by_and_by_and_back_when_an_alarm_rings(kind: str) -> None:
    """CodeDeploy shifts the alias; all that says that the authorizer refuses or fails stops it."""
    found = transformed(AuthorizerDeployment=kind)
    (group,) = of_type(found, "AWS::CodeDeploy::DeploymentGroup")
    described = found[group]["Properties"]
    (pattern, named) = described["DeploymentConfigName"]["Fn::Sub"]
    assert (pattern, named["ConfigName"]) == ("CodeDeployDefault.Lambda${ConfigName}", kind)
    assert "DEPLOYMENT_STOP_ON_ALARM" in described["AutoRollbackConfiguration"]["Events"]
    alarms = {alarm["Name"]["Ref"] for alarm in described["AlarmConfiguration"]["Alarms"]}
    assert alarms == {
        "AuthorizerFailedAlarm",
        "AuthorizerUnansweredAlarm",
        "CounterStateUnknownAlarm",
    }
    (alias,) = of_type(found, "AWS::Lambda::Alias").values()
    update = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    assert update["DeploymentGroupName"] == {"Ref": group}
    for name in alarms:  # within the five minutes in which a tenth of the callers has it
        alarm = found[name]["Properties"]
        needed = alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"])
        assert alarm["Period"] * needed < 300


def test_all_at_once_needs_no_codedeploy() -> None:
    """The way past an alarm that rings already, and what the local cloud is deployed with."""
    found = transformed(AuthorizerDeployment="AllAtOnce")
    assert not [each for each in found.values() if "CodeDeploy" in each["Type"]]
    (alias,) = of_type(found, "AWS::Lambda::Alias").values()
    assert "UpdatePolicy" not in alias


def test_new_code_is_a_new_version() -> None:
    """And nothing else of the template's text is needed."""
    (before,) = of_type(transformed(), "AWS::Lambda::Version")
    (again,) = of_type(transformed(), "AWS::Lambda::Version")
    (after,) = of_type(transformed(code=CODE[::-1]), "AWS::Lambda::Version")
    assert before == again != after


def test_an_old_version_goes_when_its_callers_have_gone() -> None:
    """Each that stays has a snapshot that is paid for, where SnapStart is on."""
    (version,) = of_type(transformed(), "AWS::Lambda::Version").values()
    assert version["DeletionPolicy"] == "Delete"


def test_a_changed_parameter_is_a_new_version() -> None:
    """SAM does not look at parameters' values. The version's description is the name of a policy
    that CloudFormation makes anew when its own description changes, which holds each value of the
    function that is no literal; and holds no other: a new version of an unchanged function fails.
    """
    (version,) = of_type(transformed(), "AWS::Lambda::Version").values()
    (_, split) = version["Properties"]["Description"]["Fn::Select"]
    assert split["Fn::Split"][1] == {"Ref": "AuthorizerSettings"}
    _, [_, *told] = SETTINGS["Description"]["Fn::Join"]
    network = AUTHORIZER["VpcConfig"]["Fn::If"][1]
    given = list(variables({"Properties": AUTHORIZER}).values())
    given += [{"Ref": "Architecture"}, {"Ref": "LambdaTracing"}, AUTHORIZER["SnapStart"]["ApplyOn"]]
    given += [
        {"Fn::If": ["HasVpc", {"Fn::Join": [" ", network["SubnetIds"]]}, ""]},
        {"Fn::If": ["HasVpc", network["SecurityGroupIds"][0], ""]},
    ]
    assert [value for value in given if not isinstance(value, str)] == told


def test_the_policy_that_carries_the_settings_takes_a_right_away() -> None:
    """It is attached to what answers strangers, and lets it do nothing."""
    (statement,) = SETTINGS["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Resource"]) == (
        "Deny",
        {"Fn::GetAtt": "AforoSecret.Id"},
    )
    role = template()["Resources"]["AuthorizerRole"]["Properties"]
    assert AUTHORIZER["Role"] == {"Fn::GetAtt": "AuthorizerRole.Arn"}
    assert role["ManagedPolicyArns"] == [{"Ref": "AuthorizerSettings"}]


def test_a_snapshot_and_warm_authorizers_exclude_each_other() -> None:
    """Lambda refuses both together: the deploy says so before anything is made."""
    (rule,) = template()["Rules"]["SnapStartIsNotProvisioned"]["Assertions"]
    assert rule["Assert"] == {"Fn::Equals": [{"Ref": "AuthorizerProvisionedConcurrency"}, "0"]}
    assert AUTHORIZER["SnapStart"] == {
        "ApplyOn": {"Fn::If": ["SnapStarts", "PublishedVersions", "None"]}
    }
