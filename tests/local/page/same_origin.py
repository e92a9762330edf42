"""Whether a request to the local page comes from the page itself: its headers come in, why it is
refused leaves. Pure.

Guaranteed: no other site that is open in the same browser can press a button here, or read a page
by a name that it has pointed at loopback.
"""

from collections.abc import Mapping

_NAMES = ("127.0.0.1", "localhost")
_FETCH_SITE, _ORIGIN = "Sec-Fetch-Site", "Origin"


def why_host_refused(headers: Mapping[str, str], port: int) -> str:
    """Empty where the host is this machine's: a name that another site made ours is not."""
    host = headers.get("Host", "")
    if host in _hosts(port):
        return ""
    return f"this page answers to {_NAMES[0]}:{port} only, not to {host or 'no host'}"


def why_press_refused(headers: Mapping[str, str], port: int) -> str:
    """Empty where a button of our own page was pressed. Browsers say where a form comes from, in
    one of two headers at least; who says neither is refused as well.
    """
    origin, site = headers.get(_ORIGIN), headers.get(_FETCH_SITE)
    if origin is not None and origin not in {f"http://{host}" for host in _hosts(port)}:
        return f"a button of {origin} is not one of this page"
    if site not in {None, "same-origin"}:
        return f"a {site} button is not one of this page"
    if origin is None and site is None:
        return f"neither {_ORIGIN} nor {_FETCH_SITE} says that a button of this page was pressed"
    return ""


def _hosts(port: int) -> frozenset[str]:
    return frozenset(f"{name}:{port}" for name in _NAMES)
