"""A part's mutants and its tests come in; what became of each mutant leaves.

Two roads, both a fork for each mutant:
1. A mutant of a function: the tests are imported already, the function's code is exchanged, and
   the tests run that touch the changed lines, the quickest first, until one fails.
2. A mutant of what runs at import: pytest starts anew, and imports the changed module.
Guaranteed: a verdict does not depend on the machine's speed, nor on another mutant's. Hypothesis
draws the same examples each time, keeps none, and does not shrink.
"""

import os
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest
from hypothesis import Phase, is_hypothesis_test, settings

from tests.local.endpoints import ROOT
from tests.mutation.child import Children, EndedError, TooLongError, in_child
from tests.mutation.mutants import Mutant
from tests.mutation.parts import Part
from tests.mutation.touched import AtImport, Touched, all_codes, file_of, functions_of, run_all
from tests.mutation.verdict import Tell, Verdict

# Five times what the tests need, and something to begin with.
TIMES, BEGIN_SECONDS, IMPORT_SECONDS = 5, 3, 10
WHOLE_RUN_SECONDS = 1_200
PYTEST = (
    *("-q", "-x", "--assert=plain", "--hypothesis-seed=0"),
    *("-p", "no:cacheprovider", "-p", "no:xdist"),
)


class NotGreenError(Exception):
    """A test fails, or pytest does, without any mutant."""


@dataclass(eq=False, slots=True)
class _Reports:
    """A pytest plugin that hears which tests failed, and does the looping itself."""

    loop: Callable[[pytest.Session], object]
    failures: list[str] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failures.append(f"{report.nodeid}\n{report.longreprtext}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failures.append(f"{report.nodeid}\n{report.longreprtext}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if not self.failures:
            self.loop(session)
        return True


@dataclass(frozen=True, slots=True)
class _Collected:
    """What a first process finds out: which tests there are, what they touch, and verdicts."""

    names: list[str]
    touched: Touched
    libraries: list[str]
    verdicts: dict[int, Verdict]


def verdicts_of(part: Part, mutants: Sequence[Mutant], jobs: int, tell: Tell) -> list[Verdict]:
    """One verdict a mutant, in their order, and told as they come. Raises NotGreenError where a
    test fails anyway.
    """
    collected = in_child(lambda: _by_exchange(part, mutants, jobs, tell), WHOLE_RUN_SECONDS * 10)
    if isinstance(collected, str):
        raise NotGreenError(collected)
    verdicts: dict[int, Verdict] = collected.verdicts
    verdicts |= _by_import(mutants, collected, jobs, tell)
    return [verdicts[place] for place in range(len(mutants))]


# ------------------------------------------------------------------------ 1 functions are exchanged
def _by_exchange(part: Part, mutants: Sequence[Mutant], jobs: int, tell: Tell) -> _Collected | str:
    """In a process of its own: it imports the product."""
    _be_quiet()
    files = {file_of(ROOT, module) for module in part.modules}
    at_import = AtImport(files)
    answers: list[_Collected] = []

    def loop(session: pytest.Session) -> None:
        at_import.__exit__()
        _settle_hypothesis(session.items)
        touched, failures = in_child(
            lambda: (run_all(session, files, reports.failures), reports.failures), WHOLE_RUN_SECONDS
        )
        reports.failures += failures
        if not failures:
            work = _exchanges(session, mutants, touched, at_import.lines, reports)
            verdicts = dict(_judged(work, jobs, tell))
            names = [item.nodeid for item in session.items]
            answers.append(_Collected(names, touched, _libraries(), verdicts))

    reports = _Reports(loop)
    at_import.__enter__()
    code = pytest.main([*PYTEST, *part.tests], plugins=[reports])
    return answers[0] if answers else "\n".join(reports.failures) or f"pytest ended with {code}"


type _Job = tuple[int, Verdict] | tuple[int, Callable[[], bool], int]


def _exchanges(
    session: pytest.Session,
    mutants: Sequence[Mutant],
    touched: Touched,
    at_import: set[tuple[str, int]],
    reports: _Reports,
) -> Iterator[_Job]:
    """Each mutant of a function, with the work that judges it; none whose lines run at import."""
    files = {file_of(ROOT, mutant.module) for mutant in mutants}
    functions = functions_of(files)
    for place, mutant in enumerate(mutants):
        file = file_of(ROOT, mutant.module)
        if not mutant.place or any((file, line) in at_import for line in mutant.lines[1:]):
            continue
        pairs = _pairs(mutant, file, functions)
        if not pairs:
            continue
        tests = touched.by_lines(file, mutant.lines)
        if not tests:
            yield place, Verdict.NO_TESTS
            continue
        timed = [(session.items[test], touched.seconds[test]) for test in tests]
        seconds = sum(one for _, one in timed)

        work = partial(_is_killed_exchanged, pairs, timed, reports)
        yield place, work, BEGIN_SECONDS + int(seconds * TIMES)


def _pairs(
    mutant: Mutant, file: str, functions: dict[tuple[str, str, int], list[FunctionType]]
) -> list[tuple[FunctionType, CodeType]]:
    """Each function object with its new code; none where an exchange cannot be made."""
    compiled = compile(mutant.text, file, "exec", dont_inherit=True)
    pairs = []
    for code in all_codes(compiled):
        if code.co_qualname != mutant.place:
            continue
        for function in functions.get((file, code.co_qualname, code.co_firstlineno), ()):
            if function.__code__.co_freevars != code.co_freevars:
                return []
            pairs.append((function, code))
    return pairs


type _Timed = Sequence[tuple[pytest.Item, float]]  # and the CPU seconds that it needs


def _is_killed_exchanged(
    pairs: Sequence[tuple[FunctionType, CodeType]], timed: _Timed, reports: _Reports
) -> bool:
    for function, code in pairs:
        function.__code__ = code
    return _is_killed(timed, reports)


def _is_killed(timed: _Timed, reports: _Reports) -> bool:
    for place, (item, seconds) in enumerate(timed):
        following = timed[place + 1][0] if place + 1 < len(timed) else None
        _give_time(seconds)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if reports.failures:
            return True
    return False


def _give_time(seconds: float) -> None:
    """For the next test: one that no longer ends is seen by its own time, not by that of all."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime + BEGIN_SECONDS + seconds * TIMES) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (min(most, hard), hard))


def _libraries() -> list[str]:
    """What is imported and is none of ours: it may be imported once for all mutants."""
    ours = ("functions", "tests", "__main__")
    return [name for name in sys.modules if name.partition(".")[0] not in ours]


# ---------------------------------------------------------------------------- 2 imports are changed
def _by_import(
    mutants: Sequence[Mutant], collected: _Collected, jobs: int, tell: Tell
) -> Iterator[tuple[int, Verdict]]:
    for name in collected.libraries:
        with suppress(Exception):
            import_module(name)
    _be_green(mutants, collected)

    def all_work() -> Iterator[_Job]:
        for place, mutant in enumerate(mutants):
            if place in collected.verdicts:
                continue
            touched = collected.touched
            # Who runs nothing of the module may still read its tables.
            first = touched.by_file(file_of(ROOT, mutant.module))
            others = set(range(len(collected.names))) - set(first)
            tests = [*first, *touched.quickest_first(others)]
            seconds = sum(touched.seconds[test] for test in tests)
            order = {collected.names[test]: touched.seconds[test] for test in tests}

            work = partial(_is_killed_anew, mutant, order)
            yield place, work, IMPORT_SECONDS + int(seconds * TIMES)

    return _judged(all_work(), jobs, tell)


def _be_green(mutants: Sequence[Mutant], collected: _Collected) -> None:
    """A module that is imported as it is kills nothing: else this road itself would."""
    for module in sorted({mutant.module for mutant in mutants}):
        text = (ROOT / module).read_text()
        same = Mutant(module, "", range(0), "", "", text)
        tests = collected.touched.by_file(file_of(ROOT, module))
        order = {collected.names[test]: collected.touched.seconds[test] for test in tests}
        if in_child(partial(_is_killed_anew, same, order), WHOLE_RUN_SECONDS):
            raise NotGreenError(f"{module}: its tests fail when it is imported anew")


def _is_killed_anew(mutant: Mutant, order: dict[str, float]) -> bool:
    """`order`: the tests, and the CPU seconds of each."""
    _be_quiet()
    sys.meta_path.insert(0, _Changed(mutant))

    def loop(session: pytest.Session) -> None:
        _settle_hypothesis(session.items)
        ranks = {name: rank for rank, name in enumerate(order)}
        items = sorted(session.items, key=lambda item: ranks.get(item.nodeid, len(ranks)))
        longest = max(order.values(), default=0.0)  # of a test that the change brings along
        _is_killed([(item, order.get(item.nodeid, longest)) for item in items], reports)

    reports = _Reports(loop)
    files = sorted({name.partition("::")[0] for name in order})
    code = pytest.main([*PYTEST, *files], plugins=[reports])
    return bool(reports.failures) or code != pytest.ExitCode.OK


class _Changed(MetaPathFinder, Loader):
    """Imports one module from a mutant's text."""

    def __init__(self, mutant: Mutant) -> None:
        self._name = mutant.module.removesuffix(".py").replace("/", ".")
        self._mutant = mutant

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        file = file_of(ROOT, self._mutant.module)
        spec = spec_from_loader(fullname, self, origin=file)
        if spec is not None:
            spec.has_location = True
        return spec

    def exec_module(self, module: ModuleType) -> None:
        file = file_of(ROOT, self._mutant.module)
        exec(compile(self._mutant.text, file, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - the point


# -------------------------------------------------------------------------------------------- both
def _judged(work: Iterator[_Job], jobs: int, tell: Tell) -> Iterator[tuple[int, Verdict]]:
    children = Children(jobs)

    def heard() -> Iterator[tuple[int, Verdict]]:
        for place, verdict in _heard(children):
            tell(place, verdict)
            yield place, verdict

    for job in work:
        if len(job) == 2:  # it is judged already
            tell(*job)
            yield job
            continue
        while children.is_full():
            yield from heard()
        children.start(*job)
    while not children.is_empty():
        yield from heard()


def _heard(children: Children) -> Iterator[tuple[int, Verdict]]:
    for place, answer in children.done():
        match answer:
            case TooLongError():
                yield place, Verdict.TIMEOUT
            case EndedError():  # the change ended the process, or what runs the tests
                yield place, Verdict.KILLED
            case _:
                yield place, Verdict.KILLED if answer else Verdict.SURVIVED


def _be_quiet() -> None:
    """What pytest prints of a mutant, nobody reads; what Hypothesis keeps, is kept apart."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(Path(tempfile.gettempdir()) / "mutation")


def _settle_hypothesis(items: Sequence[pytest.Item]) -> None:
    """Neither examples of an earlier run nor shrinking: a failure is a failure."""
    calm: dict[str, Any] = {"database": None, "phases": (Phase.explicit, Phase.generate)}
    settings.register_profile("mutation", settings.default, **calm)
    settings.load_profile("mutation")
    for item in items:
        test = getattr(item, "obj", None)
        test = getattr(test, "__func__", test)
        if is_hypothesis_test(test) and (own := getattr(test, OWN_SETTINGS, None)):
            setattr(test, OWN_SETTINGS, settings(own, **calm))


OWN_SETTINGS = "_hypothesis_internal_use_settings"
