"""What is closed when its ``with`` block ends, whatever ends it."""

from __future__ import annotations

from typing import TypeVar

_Self = TypeVar("_Self", bound="Closing")  # typing.Self came with Python 3.11


class Closing:
    """Makes a context manager of a class with ``close``; errors go through."""

    def close(self) -> None:
        """Give back what is held."""
        raise NotImplementedError

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
