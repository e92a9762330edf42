"""Every sabotage there is: the lists of this folder, `SABOTAGES` of each module that has one."""

import importlib
import pkgutil
from collections.abc import Iterator

import tests.sabotage
from tests.sabotage.sabotage import Sabotage


def every_sabotage() -> list[Sabotage]:
    """In the order of the modules' names."""
    return [one for module in _modules() for one in getattr(module, "SABOTAGES", ())]


def _modules() -> Iterator[object]:
    names = sorted(found.name for found in pkgutil.iter_modules(tests.sabotage.__path__))
    for name in names:
        if not name.startswith(("__", "test_")):
            yield importlib.import_module(f"tests.sabotage.{name}")
