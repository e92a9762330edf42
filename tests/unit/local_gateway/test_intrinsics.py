import pytest

from tests.local.gateway.intrinsics import Scope, UnresolvedError, resolve

SCOPE = Scope(
    references={"Stage": "prod", "AWS::Region": "eu-west-1", "List": ["a", "b"], "Empty": ""},
    attribute=lambda logical, name: f"arn:{logical}:{name}",
    conditions={
        "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "IsDev": {"Fn::Not": [{"Condition": "IsProd"}]},
        "Both": {"Fn::And": [{"Condition": "IsProd"}, {"Condition": "IsDev"}]},
        "Either": {"Fn::Or": [{"Condition": "IsProd"}, {"Condition": "IsDev"}]},
    },
    mappings={"Sizes": {"prod": {"burst": 7}}},
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ({"Ref": "Stage"}, "prod"),
        ({"Fn::GetAtt": ["Log", "Arn"]}, "arn:Log:Arn"),
        ({"Fn::GetAtt": "Log.Arn"}, "arn:Log:Arn"),
        (
            {"Fn::Sub": "${Stage}-${AWS::Region}-${Log.Arn}-${!Kept}"},
            "prod-eu-west-1-arn:Log:Arn-${Kept}",
        ),
        ({"Fn::Sub": ["${Stage}/${Own}", {"Own": {"Ref": "Stage"}}]}, "prod/prod"),
        ({"Fn::Join": ["/", ["a", {"Ref": "Stage"}]]}, "a/prod"),
        ({"Fn::Select": ["1", {"Ref": "List"}]}, "b"),
        ({"Fn::Split": [",", "a,b"]}, ["a", "b"]),
        ({"Fn::If": ["IsProd", 1, 2]}, 1),
        ({"Fn::If": ["IsDev", 1, 2]}, 2),
        ({"Fn::If": ["Both", 1, 2]}, 2),
        ({"Fn::If": ["Either", 1, 2]}, 1),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "burst"]}, 7),
        ({"kept": 1, "gone": {"Ref": "AWS::NoValue"}}, {"kept": 1}),
        (["a", {"Fn::If": ["IsDev", "b", {"Ref": "AWS::NoValue"}]}], ["a"]),
        ({"nested": [{"Ref": "Stage"}]}, {"nested": ["prod"]}),
    ],
)
def test_every_intrinsic_resolves_to_what_cloudformation_makes_of_it(
    value: object, expected: object
) -> None:
    """Each intrinsic function yields the value that a deployment would use."""
    assert resolve(value, SCOPE) == expected


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({"Ref": "Nobody"}, "Nobody"),
        ({"Fn::If": ["Unheard", 1, 2]}, "Unheard"),
        ({"Fn::FindInMap": ["Sizes", "dev", "burst"]}, "Sizes.dev.burst"),
    ],
)
def test_what_cannot_be_resolved_is_named(value: object, named: str) -> None:
    """An unknown reference stops the reading with its name in the message."""
    with pytest.raises(UnresolvedError, match=named):
        resolve(value, SCOPE)
