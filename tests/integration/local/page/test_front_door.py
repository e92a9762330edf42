"""The local page's door: what gets in, and what every answer says to a browser."""

from collections.abc import Iterator

import httpx
import pytest

from tests.local.foreground_server import foreground_server


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page whose cloud is not up yet."""
    folder = str(tmp_path_factory.mktemp("page"))
    with foreground_server("tests.local.page", "--directory", folder) as (_, line):
        yield line.split()[-1]


def test_it_is_there_before_its_cloud(url: str) -> None:
    """It says so, renews itself, and lets no other site frame it or run a script in it."""
    answer = httpx.get(url, trust_env=False)
    assert answer.status_code == 200
    assert "The local cloud is starting" in answer.text
    assert 'http-equiv="refresh"' in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "aforo.example"},
        {"Host": "aforo.example", "Origin": "http://aforo.example"},
    ],
)
def test_another_name_shows_nothing(url: str, headers: dict[str, str]) -> None:
    """Neither a page nor a file of it."""
    for path in ("/", "/static/page.css", "/trace?request=x"):
        assert httpx.get(url + path, headers=headers, trust_env=False).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "null"}, {"Origin": "http://aforo.example"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_another_sites_button_does_nothing(url: str, headers: dict[str, str]) -> None:
    """Not even while the cloud is starting."""
    answer = httpx.post(f"{url}/aforo", data={"to": "down"}, headers=headers, trust_env=False)
    assert answer.status_code == 403


def test_its_files_are_served(url: str) -> None:
    """The stylesheet and the script, and nothing beside their folder."""
    assert httpx.get(f"{url}/static/page.css", trust_env=False).status_code == 200
    assert httpx.get(f"{url}/static/renew.js", trust_env=False).status_code == 200
    assert httpx.get(f"{url}/static/..%2fserver.py", trust_env=False).status_code in {403, 404}
