"""The text of a module comes in; each small change of it that Python can read leaves.

Not changed: annotations, decorators, imports, docstrings, and texts with a blank: people read them.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import libcst as cst
import libcst.matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider, WhitespaceInclusivePositionProvider
from mutmut.mutation.file_mutation import deep_replace
from mutmut.mutation.mutators import (
    mutation_operators,
    operator_arg_removal,
    operator_assignment,
    operator_string,
)

# With an argument None or gone they fail at once, in any test: nothing is learned.
NEVER_CHANGED_CALLS = frozenset({"len", "isinstance", "cast", "TypeVar"})


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed module. `place` is the outermost function that was changed; empty where the change
    is of what runs at import.
    """

    module: str
    place: str
    lines: range
    was: str
    now: str
    text: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """As of a reviewed one (`reviewed.py`)."""
        return (self.module, self.place, self.was, self.now)


def mutants_of(module: str, text: str) -> list[Mutant]:
    """Every change of `text`, in the order of its lines; no change twice."""
    tree = MetadataWrapper(cst.parse_module(text))
    visitor = _Changes(tree.module, text)
    tree.visit(visitor)
    found: dict[str, Mutant] = {}
    for place, lines, new in visitor.found:
        if new != text and new not in found and _can_compile(new):
            was, now = _difference(text, new)
            found[new] = Mutant(module, place, lines, was, now, new)
    return list(found.values())


def _can_compile(text: str) -> bool:
    try:
        compile(text, "mutant", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _difference(old: str, new: str) -> tuple[str, str]:
    """The lines that differ, without the blanks around them."""
    before, after = ([line.strip() for line in text.splitlines()] for text in (old, new))
    same = 0
    while before[same : same + 1] == after[same : same + 1]:
        same += 1
    before, after = before[same:], after[same:]
    while before and after and before[-1] == after[-1]:
        before, after = before[:-1], after[:-1]
    return "\n".join(before), "\n".join(after)


def _is_unread(node: cst.Arg) -> bool:
    return _is_prose(node.value) or _is_guard(node)


def _is_guard(node: cst.Arg) -> bool:
    """`zip(strict=True)`: it fails where two lengths differ, which no input can make them."""
    return node.keyword is not None and node.keyword.value == "strict"


def _is_prose(node: cst.BaseExpression) -> bool:
    """Whether people read it, and no program."""
    if isinstance(node, cst.SimpleString):
        return " " in node.value
    return isinstance(node, cst.FormattedString | cst.ConcatenatedString)


def _one_string(node: cst.BaseString) -> Iterator[cst.BaseString]:
    """The first of mutmut's three changes of a text: its upper and lower case tell little more."""
    if isinstance(node, cst.SimpleString) and not _is_prose(node):
        yield from itertools.islice(operator_string(node), 1)


def _no_argument(node: cst.Call) -> Iterator[cst.CSTNode]:
    """None for an argument, as mutmut does; without the argument, most calls fail at once."""
    for changed in operator_arg_removal(node):
        if len(changed.args) != len(node.args):
            continue
        pairs = zip(node.args, changed.args, strict=True)
        if not any(old is not new and _is_unread(old) for old, new in pairs):
            yield changed


def _not(test: cst.BaseExpression) -> cst.BaseExpression:
    inner = test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return cst.UnaryOperation(cst.Not(), inner)


def _is_plain(test: cst.BaseExpression) -> bool:
    """Whether it is no comparison, `not`, `and` or `or`, which mutmut turns round."""
    return not isinstance(test, cst.Comparison | cst.UnaryOperation | cst.BooleanOperation)


def _turned(test: cst.BaseExpression) -> Iterator[cst.CSTNode]:
    if _is_plain(test):
        yield _not(test)


def _without_filter(node: cst.CompFor) -> Iterator[cst.CSTNode]:
    for place, one in enumerate(node.ifs):
        yield node.with_changes(ifs=[*node.ifs[:place], *node.ifs[place + 1 :]])
        if _is_plain(one.test):
            turned = one.with_changes(test=_not(one.test))
            yield node.with_changes(ifs=[*node.ifs[:place], turned, *node.ifs[place + 1 :]])


def _nothing_returned(node: cst.Return) -> Iterator[cst.CSTNode]:
    if node.value is not None and not m.matches(node.value, m.Name("None")):
        space = cst.SimpleWhitespace(" ")
        yield node.with_changes(value=cst.Name("None"), whitespace_after_return=space)


def _left_out(node: cst.Expr | cst.Raise) -> Iterator[cst.CSTNode]:
    if isinstance(node, cst.Raise) or isinstance(node.value, cst.Call):
        yield cst.Pass()


_REPLACED = (operator_string, operator_arg_removal)
type Operator = tuple[type, Callable[[Any], Iterable[cst.CSTNode]]]
OPERATORS: tuple[Operator, ...] = (
    *((kind, change) for kind, change in mutation_operators if change not in _REPLACED),
    (cst.BaseString, _one_string),
    (cst.Call, _no_argument),
    (cst.CompFor, _without_filter),
    (cst.Return, _nothing_returned),
    (cst.Expr, _left_out),
    (cst.Raise, _left_out),
)
_SKIPPED = (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom, cst.TypeAlias)


class _Changes(cst.CSTVisitor):
    """Walks a module, and keeps each changed text beside where it was changed."""

    METADATA_DEPENDENCIES = (PositionProvider, WhitespaceInclusivePositionProvider)

    def __init__(self, module: cst.Module, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, range, str]] = []
        self._module, self._text = module, text
        lengths = (len(line) for line in text.splitlines(keepends=True))
        self._starts = list(itertools.accumulate(lengths, initial=0))
        self._names: list[str] = []
        self._outermost: cst.FunctionDef | None = None
        self._defaults: cst.Parameters | None = None  # they are made where the function is made

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, _SKIPPED) or _is_never_changed(node):
            return False
        if isinstance(node, cst.ClassDef) and self._outermost is None:
            self._names.append(node.name.value)
        if isinstance(node, cst.FunctionDef) and self._outermost is None:
            self._outermost, self._defaults = node, node.params
        for kind, change in OPERATORS:
            # A table that is None fails at once; what stands in it is changed as well.
            if isinstance(node, kind) and (self._place() or change is not operator_assignment):
                self._keep(node, change(node))
        if isinstance(node, cst.If | cst.While):
            self._keep(node.test, _turned(node.test))
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if original_node is self._defaults:
            self._defaults = None
        if original_node is self._outermost:
            self._outermost = None
        if isinstance(original_node, cst.ClassDef) and self._outermost is None:
            self._names.pop()

    def _keep(self, node: cst.CSTNode, changes: Iterable[cst.CSTNode]) -> None:
        span = self.get_metadata(PositionProvider, node)
        lines = range(span.start.line, span.end.line + 1)
        for changed in changes:
            self.found.append((self._place(), lines, self._with(node, changed)))

    def _place(self) -> str:
        if self._outermost is None or self._defaults is not None:
            return ""
        return ".".join([*self._names, self._outermost.name.value])

    def _with(self, node: cst.CSTNode, changed: cst.CSTNode) -> str:
        if isinstance(node, cst.Match):  # its lines need their indentation
            new = deep_replace(self._module, node, changed)
            assert isinstance(new, cst.Module)
            return str(new.code)
        span = self.get_metadata(WhitespaceInclusivePositionProvider, node)
        start = self._starts[span.start.line - 1] + span.start.column
        end = self._starts[span.end.line - 1] + span.end.column
        return f"{self._text[:start]}{self._module.code_for_node(changed)}{self._text[end:]}"


def _is_never_changed(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.Call):
        return isinstance(node.func, cst.Name) and node.func.value in NEVER_CHANGED_CALLS
    if isinstance(node, cst.If):
        return bool(m.matches(node.test, m.Name("TYPE_CHECKING")))
    if isinstance(node, cst.Arg):
        return _is_guard(node)
    return isinstance(node, cst.Expr) and isinstance(node.value, cst.SimpleString)
