"""Who may read the local page, and who may press its buttons."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local.page.same_origin import why_host_refused, why_press_refused

PORT = 18111
OURS = {f"http://127.0.0.1:{PORT}", f"http://localhost:{PORT}"}


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_this_machine_is_answered(name: str) -> None:
    """By its address and by its name, with a button of the page itself."""
    host = {"Host": f"{name}:{PORT}"}
    assert not why_host_refused(host, PORT)
    assert not why_press_refused({**host, "Origin": f"http://{name}:{PORT}"}, PORT)
    assert not why_press_refused({**host, "Sec-Fetch-Site": "same-origin"}, PORT)


@given(st.text().filter(lambda host: host not in {f"127.0.0.1:{PORT}", f"localhost:{PORT}"}))
def test_a_name_that_was_pointed_here_is_refused(host: str) -> None:
    """Another site's name for loopback is no way in, whatever it is."""
    assert why_host_refused({"Host": host}, PORT)


@given(st.text().filter(lambda origin: origin not in OURS), st.booleans())
def test_another_sites_button_is_refused(origin: str, claims: bool) -> None:  # noqa: FBT001
    """Whatever its origin is, also none of its own, and whatever else it says."""
    said = {"Sec-Fetch-Site": "same-origin"} if claims else {}
    assert why_press_refused({"Origin": origin, **said}, PORT)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", ""])
def test_a_press_from_elsewhere_is_refused(site: str) -> None:
    """A server of the same machine at another port is another site."""
    assert why_press_refused({"Sec-Fetch-Site": site}, PORT)
    assert why_press_refused({"Origin": f"http://127.0.0.1:{PORT}", "Sec-Fetch-Site": site}, PORT)


def test_who_says_nothing_is_refused() -> None:
    """A browser always says where a form comes from."""
    assert why_press_refused({}, PORT)
