"""Loops over bytes that are compiled (numba): how one is declared, and Arrow strings as plain arrays.

A module of kernels is imported by `kernels_in`, at its first use, since importing numba and loading the
compiled code takes half a second that most commands do not need. Kernels are compiled for one explicit
signature, when their module is imported, and cached on disk. Two processes that fill the cache at the same
time can spoil it: a command that starts workers imports the modules first, in the parent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

F = TypeVar("F", bound=Callable[..., Any])
Bytes = Any  # a numpy array of uint8
Index = Any  # a numpy array of int64
Array = Any  # a pyarrow array; pyarrow ships no types

TEXT = "Array(uint8, 1, 'C', readonly=True)"  # in a signature: bytes that the kernel only reads
SLACK = 32  # bytes that a kernel may write behind the end of what it is asked for: it copies in chunks


def kernel(signature: str) -> Callable[[F], F]:
    """Return a decorator that compiles a function for one numba signature, cached where a cache can be.

    numba takes a cached function for current while its own file is; here all files of kernels that it may
    call count, so that no stale code is run after one of them has changed.
    """
    from numba import njit  # noqa: PLC0415 -- only modules of kernels need it

    def decorate(function: F) -> F:
        try:
            compiled = njit(cache=True, error_model="numpy")(function)
            file = compiled._cache._cache_file  # noqa: SLF001 -- numba has no public way
            file._source_stamp = (file._source_stamp, _stamp(function))  # noqa: SLF001
        except RuntimeError:  # no folder that a cache may be written to: read-only installation, no home
            compiled = njit(error_model="numpy")(function)
        compiled.compile(signature)
        compiled.disable_compile()
        return compiled

    return decorate


def _stamp(function: Callable[..., Any]) -> str:
    """Return a hash of the files of kernels that a function may use: its folder's, and those of `core`."""
    core = Path(__file__).parent
    folder = Path(function.__code__.co_filename).parent
    files = [
        core / "kernels.py",
        core / "vectors.py",
        *core.glob("_*_kernels.py"),
        *folder.glob("_*_kernels.py"),
    ]
    digest = hashlib.sha256()
    for file in sorted(set(files)):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def part(function: F) -> F:
    """Compile a function that kernels call, as a part of each of them; it makes no arrays.

    Arrays that come in are not counted as references: that took most of the time of a part with a branch.
    """
    from numba import njit  # noqa: PLC0415 -- only modules of kernels need it

    return njit(error_model="numpy", _nrt=False)(function)


@cache
def kernels_in(name: str) -> Any:
    """Import a module of kernels, such as "pixelated.dedup._hash_kernels"."""
    return import_module(name)


def bytes_of(strings: Array) -> tuple[Bytes, Index]:
    """Return the bytes of a string array and n + 1 offsets into them; a null has the bytes of "".

    The bytes are the array's own, and not copied.
    """
    if strings.null_count:
        strings = strings.fill_null("")
    _, offsets, data = strings.buffers()
    wide = np.dtype(np.int64 if pa.types.is_large_string(strings.type) else np.int32)
    if offsets is None or not len(strings):
        return np.zeros(0, np.uint8), np.zeros(len(strings) + 1, np.int64)
    ends = np.frombuffer(offsets, wide)[strings.offset : strings.offset + len(strings) + 1]
    plain = np.zeros(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)
    return plain, ends.astype(np.int64)


def strings_of(data: Bytes, offsets: Index) -> Array:
    """Return the string array of UTF-8 bytes and n + 1 offsets into them, below 2 GiB."""
    ends = pa.py_buffer(offsets.astype(np.int32))
    return pa.StringArray.from_buffers(len(offsets) - 1, ends, pa.py_buffer(data))
