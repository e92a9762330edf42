import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local.gateway.deployment import Integration, Method, Resource
from tests.local.gateway.routes import find_route


def resource(path: str, *verbs: str) -> Resource:
    methods = {verb: Method(verb=verb, integration=Integration(kind="MOCK")) for verb in verbs}
    return Resource(id=path, path=path, methods=methods)


RESOURCES = (
    resource("/", "GET"),
    resource("/{proxy+}", "ANY"),
    resource("/items", "GET"),
    resource("/items/{id}", "ANY", "DELETE"),
    resource("/items/latest", "GET"),
    resource("/items/{id}/{rest+}", "GET"),
    resource("/bare"),
)


@pytest.mark.parametrize(
    ("verb", "path", "expected", "method", "parameters"),
    [
        ("GET", "/", "/", "GET", {}),
        ("GET", "", "/", "GET", {}),
        ("GET", "/items", "/items", "GET", {}),
        ("GET", "/items/", "/items", "GET", {}),
        ("GET", "/items/7", "/items/{id}", "ANY", {"id": "7"}),
        ("DELETE", "/items/7", "/items/{id}", "DELETE", {"id": "7"}),
        ("GET", "/items/a%20b", "/items/{id}", "ANY", {"id": "a b"}),
        ("GET", "/items/latest", "/items/latest", "GET", {}),
        ("PUT", "/items/latest", "/items/{id}", "ANY", {"id": "latest"}),
        ("GET", "/items/7/a/b", "/items/{id}/{rest+}", "GET", {"id": "7", "rest": "a/b"}),
        ("POST", "/items", "/{proxy+}", "ANY", {"proxy": "items"}),
        ("GET", "/bare", "/{proxy+}", "ANY", {"proxy": "bare"}),
        ("GET", "/any/thing", "/{proxy+}", "ANY", {"proxy": "any/thing"}),
    ],
)
def test_the_most_specific_method_answers(
    verb: str, path: str, expected: str, method: str, parameters: dict[str, str]
) -> None:
    """Literal before parameter before proxy, and the verb before ANY."""
    route = find_route(RESOURCES, path, verb)
    assert route is not None
    assert (route.resource.path, route.method.verb, route.parameters) == (
        expected,
        method,
        parameters,
    )


@pytest.mark.parametrize(("verb", "path"), [("POST", "/"), ("GET", "/x"), ("GET", "/items//")])
def test_no_method_means_no_route(verb: str, path: str) -> None:
    """A path or verb that nothing answers finds nothing."""
    assert find_route((resource("/", "GET"), resource("/items/{id}", "GET")), path, verb) is None


@given(
    st.lists(st.sampled_from(RESOURCES), unique_by=lambda found: found.path), st.text("/aitems7")
)
def test_the_order_of_resources_never_matters(found: list[Resource], path: str) -> None:
    """GetResources may list resources in any order."""
    forward, backward = find_route(found, path, "GET"), find_route(found[::-1], path, "GET")
    assert forward == backward
