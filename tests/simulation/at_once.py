"""An executor that does at once what it is given: a simulation has one thread."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self


class AtOnce:
    """In the place of `ThreadPoolExecutor`."""

    def __init__(self, *_: object, **__: object) -> None:
        """However many threads it would have."""

    def submit[R](self, work: Callable[..., R], *given: Any) -> Future[R]:
        done: Future[R] = Future()
        try:
            done.set_result(work(*given))
        except Exception as error:  # noqa: BLE001 - as an executor: who asks for the result has it
            done.set_exception(error)
        return done

    def map[R](self, work: Callable[..., R], *given: Iterable[Any]) -> Iterator[R]:
        return map(work, *given)

    def shutdown(self, **_: object) -> None:
        """Nothing runs."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing is left to wait for."""
