"""Arrays from what callers have: lists, arrays of other types, and tensors of torch."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

from toymodel.settings import Problem, SettingError

_P = ParamSpec("_P")
_T = TypeVar("_T")


def as_array(name: str, value: Any, axes: str) -> np.ndarray:
    """An array of numbers; the value itself where it is one.

    Args:
        name: what an error calls it.
        value: an array, a nested list, or a tensor of torch, on any device and with any gradient.
        axes: their names, with spaces between.

    Raises:
        SettingError: for what is no array of numbers with so many axes.
    """
    if hasattr(value, "detach"):  # a tensor; torch itself need not be imported to read it
        value = value.detach().cpu()
        value = value.float().numpy() if "bfloat16" in str(value.dtype) else value.numpy()
    count = len(axes.split())
    try:
        array = np.asarray(value)
    except ValueError:  # a ragged list
        array = np.empty(0, object)
    if array.dtype.kind not in "fiu" or array.ndim != count:
        given = f"of shape {array.shape}" if array.dtype.kind in "fiu" else type(value).__name__
        allowed = f"an array of numbers with the axes ({', '.join(axes.split())})"
        raise SettingError((Problem(name, given, allowed),))
    return array


def takes_matrices(**axes: str) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]:
    """Let a function take everything that `as_array` does for some of its arguments.

    Args:
        axes: the names of each argument's axes. Whole numbers become float64.
    """

    def decorate(function: Callable[_P, _T]) -> Callable[_P, _T]:
        signature = inspect.signature(function)

        @wraps(function)
        def call(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            bound = signature.bind(*args, **kwargs)
            for name, names in axes.items():
                array = as_array(name, bound.arguments[name], names)
                bound.arguments[name] = array if array.dtype.kind == "f" else array.astype(float)
            return function(*bound.args, **bound.kwargs)

        return call

    return decorate
