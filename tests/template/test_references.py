"""Whatever parameters a stack is made with, nothing in it names a resource that it leaves out."""

from tests.template.references import choices, holds, references
from tests.template.transformed import transformed


def test_no_choice_of_parameters_leaves_a_name_without_its_resource() -> None:
    """Where a reference is read, the condition of the resource that it names holds too."""
    page = transformed()
    looked_at = 0
    for one in references(page):
        condition = page["Resources"][one.target].get("Condition")
        if condition is None:
            continue
        for choice in choices(page, {condition, *(name for name, _ in one.guards)}):
            read = all(holds(page, name, choice) is wanted for name, wanted in one.guards)
            looked_at += read
            assert not read or holds(page, condition, choice), (one, choice)
    assert looked_at > 100


def test_a_name_without_its_resource_is_found() -> None:
    """The check sees a reference whose guard does not imply the resource, in a text as well."""
    page = {
        "Parameters": {"Cache": {}, "Vpc": {}},
        "Rules": {},
        "Conditions": {
            "Makes": {"Fn::Equals": [{"Ref": "Cache"}, ""]},
            "HasVpc": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Vpc"}, ""]}]},
        },
        "Resources": {
            "Counters": {"Type": "A", "Condition": "Makes"},
            "Reader": {
                "Type": "B",
                "Properties": {"To": {"Fn::If": ["HasVpc", {"Fn::Sub": "${Counters.Arn}"}, ""]}},
            },
        },
        "Outputs": {},
    }
    (found,) = references(page)
    assert (found.target, found.guards) == ("Counters", (("HasVpc", True),))
    without = [one for one in choices(page, {"Makes", "HasVpc"}) if not holds(page, "Makes", one)]
    assert any(holds(page, "HasVpc", one) for one in without)
