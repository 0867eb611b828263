"""Where the orders of an import wait until all of them are checked: in memory while they are few, else in a file."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from orderdesk_sdk.errors import StorageError

__all__ = ["OrderSpool"]

_IN_MEMORY: Final = 1 << 20
"""Bytes that are held before there is a file."""


class OrderSpool:
    """Ids, numbers, folders, documents and search words of orders, as they came. Read once, after all are in.

    Args:
        directory: where the file lies, which has no name and is gone with the process; None: where the system puts
            such files, which may be memory.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        place = None if directory is None else str(directory)
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, dir=place)  # noqa: SIM115 - closed in __exit__

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def append(self, order_id: str, number: str, folder_id: int | None, document: str, terms: Collection[str]) -> None:
        """Add an order."""
        with self._translated_errors():
            self._file.write(json.dumps((order_id, number, folder_id, document, list(terms))).encode("ascii") + b"\n")

    def __iter__(self) -> Iterator[tuple[str, str, int | None, str, list[str]]]:
        with self._translated_errors():
            self._file.seek(0)
        while True:
            with self._translated_errors():
                line = self._file.readline()
            if not line:
                return
            order_id, number, folder_id, document, terms = json.loads(line)
            yield order_id, number, folder_id, document, terms

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(
                f"the orders of an import could not be kept until all are checked: {error.strerror}",
                location=str(self._directory or tempfile.gettempdir()),
                hint="make room on that disk, then import again",
            ) from None
