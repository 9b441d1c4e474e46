"""Thirty-two bytes at a time, for kernels: copies, and bit masks of the bytes that need a closer look.

numba vectorises none of these loops by itself: their trip count is known, so that LLVM unrolls them first.
Here the vector operations are written out; LLVM lowers them for any processor. Positions are not checked:
the caller makes sure that WIDTH bytes may be read from `i` and written from `o`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from pixelated.core.kernels import part

WIDTH = 32
_BYTE = ir.IntType(8)
_VECTOR = ir.VectorType(_BYTE, WIDTH)
_MASK = ir.IntType(WIDTH)
Builder = Any
Value = Any


def _operation(define: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of kernels of one that says its types and generates its code."""
    made: Callable[..., Any] = intrinsic(define)
    return made


def _all(value: int) -> Value:
    return ir.Constant(_VECTOR, [ir.Constant(_BYTE, value)] * WIDTH)


def _place(context: Any, builder: Builder, kind: Any, array: Value, position: Value) -> Value:
    """Return the pointer to the vector at a position of an array of bytes."""
    start = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(start, [position]), _VECTOR.as_pointer())


def _load(builder: Builder, place: Value) -> Value:
    value = builder.load(place)
    value.align = 1
    return value


def _between(builder: Builder, bytes_: Value, first: int, last: int) -> Value:
    return builder.icmp_unsigned("<=", builder.sub(bytes_, _all(first)), _all(last - first))


def _is(builder: Builder, bytes_: Value, value: int) -> Value:
    return builder.icmp_unsigned("==", bytes_, _all(value))


def _mask(test: Callable[[Builder, Value], Value], name: str) -> Any:
    """Make `mask(data, i)`: bit k says whether byte i + k passes the test."""

    def mask(_typing: Any, data: Any, _i: Any) -> Any:
        def generate(context: Any, builder: Builder, signature: Any, arguments: Any) -> Value:
            bytes_ = _load(builder, _place(context, builder, signature.args[0], *arguments))
            return builder.bitcast(test(builder, bytes_), _MASK)

        return types.uint32(data, types.int64), generate

    mask.__name__ = name
    return intrinsic(mask)


def _json(builder: Builder, bytes_: Value) -> Value:
    quoted = builder.or_(_is(builder, bytes_, 0x22), _is(builder, bytes_, 0x5C))
    return builder.or_(quoted, builder.icmp_unsigned("<", bytes_, _all(0x20)))


def _space(builder: Builder, bytes_: Value) -> Value:
    controls = builder.or_(_between(builder, bytes_, 9, 13), _between(builder, bytes_, 28, 31))
    return builder.or_(controls, _is(builder, bytes_, 0x20))


def _alnum(builder: Builder, bytes_: Value) -> Value:
    letters = _between(builder, builder.or_(bytes_, _all(0x20)), 0x61, 0x7A)
    return builder.or_(letters, _between(builder, bytes_, 0x30, 0x39))


def _control(builder: Builder, bytes_: Value) -> Value:
    low = builder.or_(_between(builder, bytes_, 0, 8), _between(builder, bytes_, 11, 31))
    return builder.or_(low, _is(builder, bytes_, 0x7F))


stops = _mask(_json, "stops")  # what a JSON string cannot hold as it is: a quote, a backslash, a control
digits = _mask(lambda b, v: _between(b, v, 0x30, 0x39), "digits")
alnums = _mask(_alnum, "alnums")  # letters and digits of ASCII
controls = _mask(_control, "controls")  # control characters of ASCII but tab and line feed
printed = _mask(lambda b, v: _between(b, v, 0x21, 0x7E), "printed")  # characters of ASCII that can be seen
spaces = _mask(_space, "spaces")  # white space in ASCII, as Python's str knows it
high = _mask(lambda b, v: b.icmp_signed("<", v, _all(0)), "high")  # no ASCII


def _all_of(builder: Builder, value: Value) -> Value:
    """Return a vector of one byte that is known at run time."""
    zero = ir.Constant(ir.IntType(32), 0)
    one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), value, zero)
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [zero] * WIDTH)
    return builder.shuffle_vector(one, ir.Constant(_VECTOR, ir.Undefined), zeros)


@_operation
def places_of(_typing: Any, data: Any, _i: Any, _wanted: Any) -> Any:
    """Return the mask of the bytes that are `wanted`."""

    def generate(context: Any, builder: Builder, signature: Any, arguments: Any) -> Value:
        array, i, wanted = arguments
        bytes_ = _load(builder, _place(context, builder, signature.args[0], array, i))
        return builder.bitcast(builder.icmp_unsigned("==", bytes_, _all_of(builder, wanted)), _MASK)

    return types.uint32(data, types.int64, types.uint8), generate


@_operation
def any_case(_typing: Any, data: Any, _i: Any, _small: Any) -> Any:
    """Return the mask of the bytes that are a letter, given as a small one."""

    def generate(context: Any, builder: Builder, signature: Any, arguments: Any) -> Value:
        array, i, small = arguments
        bytes_ = _load(builder, _place(context, builder, signature.args[0], array, i))
        lower = builder.or_(bytes_, _all(0x20))
        return builder.bitcast(builder.icmp_unsigned("==", lower, _all_of(builder, small)), _MASK)

    return types.uint32(data, types.int64, types.uint8), generate


@_operation
def copy(_typing: Any, data: Any, _i: Any, out: Any, _o: Any) -> Any:
    """Copy WIDTH bytes from `data` at `i` to `out` at `o`."""

    def generate(context: Any, builder: Builder, signature: Any, arguments: Any) -> Value:
        source, target = _ends(context, builder, signature, arguments)
        builder.store(_load(builder, source), target, align=1)
        return context.get_dummy_value()

    return types.none(data, types.int64, out, types.int64), generate


@_operation
def copy_lower(_typing: Any, data: Any, _i: Any, out: Any, _o: Any) -> Any:
    """Copy WIDTH bytes, A to Z as a to z."""

    def generate(context: Any, builder: Builder, signature: Any, arguments: Any) -> Value:
        source, target = _ends(context, builder, signature, arguments)
        bytes_ = _load(builder, source)
        small = builder.or_(bytes_, _all(0x20))
        builder.store(builder.select(_between(builder, bytes_, 0x41, 0x5A), small, bytes_), target, align=1)
        return context.get_dummy_value()

    return types.none(data, types.int64, out, types.int64), generate


def _ends(context: Any, builder: Builder, signature: Any, arguments: Any) -> tuple[Value, Value]:
    """Return where a copy reads and where it writes."""
    data, i, out, o = arguments
    return (
        _place(context, builder, signature.args[0], data, i),
        _place(context, builder, signature.args[2], out, o),
    )


@_operation
def first_bit(_typing: Any, _bits: Any) -> Any:
    """Return the number of the lowest bit that is set; the mask is not zero."""

    def generate(_context: Any, builder: Builder, _signature: Any, arguments: Any) -> Value:
        found = builder.cttz(arguments[0], cgutils.true_bit)
        return builder.zext(found, ir.IntType(64))

    return types.int64(types.uint32), generate


@_operation
def ones(_typing: Any, _bits: Any) -> Any:
    """Return the number of bits that are set."""

    def generate(_context: Any, builder: Builder, _signature: Any, arguments: Any) -> Value:
        return builder.zext(builder.ctpop(arguments[0]), ir.IntType(64))

    return types.int64(types.uint32), generate


@part
def append(data: Any, i: int, end: int, out: Any, o: int) -> int:
    """Copy the bytes from `i` to `end` to `out`; return the next free byte there."""
    while i + WIDTH <= end:
        copy(data, i, out, o)
        i += WIDTH
        o += WIDTH
    while i < end:
        out[o] = data[i]
        i += 1
        o += 1
    return o


@_operation
def eight(_typing: Any, data: Any, _i: Any) -> Any:
    """Return eight bytes as one number, in the processor's order: for comparing words."""

    def generate(context: Any, builder: Builder, signature: Any, arguments: Any) -> Value:
        array, i = arguments
        start = context.make_array(signature.args[0])(context, builder, array).data
        place = builder.bitcast(builder.gep(start, [i]), ir.IntType(64).as_pointer())
        return _load(builder, place)

    return types.uint64(data, types.int64), generate
