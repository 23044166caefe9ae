"""A module on every device and in every dtype that this machine has, with the same weights and inputs.

Nothing is decided here. Beside the results come those of float64 with every rounding of float32 thrown anew, weights
and inputs included: what a computation does to them is its conditioning, and the trusted side judges by that.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from .. import generators
from . import modules, placement
from .cases import SEED, Case, place_of
from .watching import Watch, disturbance

Data = dict[str, Any]

DTYPES = ("float64", "float32", "bfloat16")
EPSILON = float(torch.finfo(torch.float32).eps)
"""Size of the disturbances: small enough that a computation is linear in them and rarely changes a decision, and
large beside the rounding of float64."""
DIRECTIONS = 5
"""Disturbed runs. One number of a result is unmoved, to a twentieth, by all five with chance 1e-7."""
OPPOSITE = 2
"""Of them with an opposite: a smooth function moves back as far, one that rounds to float32 on its way does not."""
_MEMORY: Any = torch.utils.deterministic
"""Torch declares no type of its one flag."""
_LONGEST_WORDS = 300
"""Characters of an exception that travel."""
_NO_KERNEL = ("not implemented", "not supported", "unsupported", "n't support")
"""How torch says that it has an operation in other dtypes alone: Fourier transforms, linear algebra."""
_DETERMINISTIC = "does not have a deterministic implementation"
"""What torch warns of on a GPU."""


def across(
    make: Callable[..., Any],
    inputs: Sequence[Any],
    upstream: Any,
    build: Mapping[str, Any],
    state: Mapping[str, Any] | None,
    how: Mapping[str, Any],
) -> Data:
    """Run a module everywhere; parameters as of :func:`modules.run`.

    Returns
    -------
    dict
        ``runs``, the first in float64 on the CPU: ``device``, ``dtype``, ``values`` by name in float64, ``decisions``
        (whether they are those of the first run), ``repeats`` (whether a second run gave the same bits), ``free``
        (whether torch has a kernel there that is not deterministic), ``fault``. ``disturbed``: results in float64 with
        other roundings. ``random``: whether random numbers depend on dtype and device. ``placement``: see
        :mod:`placement`. ``flags``: precision flags of torch. Or ``problem``, as :func:`modules.run`.
    """
    case = Case(make=make, inputs=inputs, upstream=upstream, build=build, state=state, **how)
    with generators.kept(), _careful(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the student's other checks show them
        told = _known_to_run(case)
        if "problem" in told:
            return told
        _MEMORY.fill_uninitialized_memory = True  # with NaN, from here on
        answer = _alone(told["fault"]) if "fault" in told else _everywhere(case)
        answer["flags"] = _flags()
        first = answer["runs"][0]
        if not first["fault"] and _has_nan(first["values"]) and not _has_nan({"output": told["output"]}):
            first["fault"] = {"kind": "empty", "words": "an output is NaN when new memory is", "place": ""}
        absent = "fault" in told and told["fault"]["kind"] == "absent device"
        answer["placement"] = {} if absent else placement.dry_run(case)
    return answer


def _known_to_run(case: Case) -> Data:
    """Run a module once, or say why it cannot be compared at all; raise what it raises whatever its dtype."""

    def run(dtype: str) -> Data:
        how = {"train": case.train, "dtype": dtype, "method": case.method, "options": case.options, "generators": {}}
        return modules.run(case.make, case.inputs, case.upstream, case.build, case.state, how)

    try:
        return run("float64")
    except Exception as error:  # noqa: BLE001 - raised again, unless the dtype or the device was its reason
        if not torch.cuda.is_available() and any(word in str(error) for word in ("CUDA", "NVIDIA", "MPS")):
            return {"fault": _fault("absent device", error)}
        if _kind(error) == "device":
            return {"fault": _fault("device", error)}
        try:
            run("float32")
        except Exception:  # noqa: BLE001 - it is wrong in some other way, which the first exception says
            raise error from None
        return {"fault": _fault("only float32", error)}


def _alone(fault: Data) -> Data:
    run = {"device": "cpu", "dtype": "float64", "values": {}, "decisions": True, "repeats": True, "free": False}
    return {"runs": [run | {"fault": fault}], "disturbed": [], "random": False}


def devices() -> list[str]:
    """Return the devices of this machine that have float64."""
    return ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


def _everywhere(case: Case) -> Data:
    watch = Watch(torch.float64)
    first = _run(case, "cpu", "float64", watch, None)
    runs, disturbed, is_random = [first], [], False
    if not first["fault"]:
        is_random = watch.other_draws and first["repeats"] and _is_random(case, first["values"])
        disturbed = [] if is_random else [_disturbed(case, seed, watch.decisions) for seed in range(DIRECTIONS)]
        for device, dtype in [(device, dtype) for device in devices() for dtype in DTYPES][1:]:
            runs.append(_run(case, device, dtype, Watch(getattr(torch, dtype)), watch.decisions))
    return {"runs": runs, "disturbed": disturbed, "random": is_random}


def _run(case: Case, device: str, dtype: str, watch: Watch, due: list[bytes] | None) -> Data:
    """Run twice, and say what came of it."""
    kind = getattr(torch, dtype)
    run: Data = {"device": device, "dtype": dtype, "values": {}, "decisions": True, "repeats": True, "free": False}
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            found = case.run(device, kind, watch)
            repeats = _same_bits(found, case.run(device, kind)) or _repeats(case, device, kind)
        except Exception as error:  # noqa: BLE001 - whatever student code raises here alone is an answer
            return run | {"fault": _fault(_kind(error), error, watch.other_dtype)}
    run["values"] = _arrays(found)
    run["decisions"] = due is None or watch.decisions == due
    run["repeats"] = repeats
    run["free"] = any(_DETERMINISTIC in str(warning.message) for warning in warned)
    run["fault"] = _misplaced(found, device, kind, watch.other_dtype)
    return run


def _misplaced(found: Mapping[str, torch.Tensor], device: str, dtype: torch.dtype, other: str) -> Data | None:
    """Find an output with another device or dtype than the inputs had."""
    for name, tensor in found.items():
        if tensor.device.type != device:
            return {"kind": "device", "words": f"{name} is on {tensor.device.type}", "place": ""}
        if name.startswith("output") and tensor.is_floating_point() and tensor.dtype is not dtype:
            words = f"{name} is {str(tensor.dtype).removeprefix('torch.')}"
            return {"kind": "dtype", "words": words, "place": other}
    return None


def _kind(error: BaseException) -> str:
    text = str(error)
    if "BFloat16" in text and any(word in text.lower() for word in _NO_KERNEL):
        return "no kernel"
    if "same device" in text:
        return "device"
    same_dtype = ("same dtype", "same data type", "expected scalar type", "dtype of input", "must match", "but found")
    return "dtype" if any(words in text for words in same_dtype) else "raised"


def _fault(kind: str, error: BaseException, other_dtype: str = "") -> Data:
    words = f"{type(error).__name__}: {error}"[:_LONGEST_WORDS].strip().partition("\n")[0]
    return {"kind": kind, "words": words, "place": other_dtype if kind == "dtype" and other_dtype else place_of(error)}


def _is_random(case: Case, values: Mapping[str, Any]) -> bool:
    if case.state is None:
        return False  # another seed would make other weights
    other = _arrays(case.run("cpu", torch.float64, Watch(torch.float64), seed=SEED + 1))
    return any(not np.array_equal(array, other[name], equal_nan=True) for name, array in values.items())


def _disturbed(case: Case, seed: int, due: list[bytes]) -> Data:
    """Run in float64 with every rounding of float32 thrown anew, once or in both senses."""
    answer: Data = {"decisions": True}
    for name, size in (("plus", EPSILON), ("minus", -EPSILON))[: 2 if seed < OPPOSITE else 1]:
        change = disturbance(size, seed)
        watch = Watch(torch.float64, change)
        answer[name] = _arrays(case.run("cpu", torch.float64, watch, change=change))
        answer["decisions"] &= watch.decisions == due
    return answer


def _arrays(found: Mapping[str, torch.Tensor]) -> dict[str, Any]:
    return {name: tensor.detach().double().cpu().numpy().copy() for name, tensor in found.items()}


def _has_nan(values: Mapping[str, Any]) -> bool:
    """Whether an output holds NaN."""
    outputs = [value for name, value in values.items() if name.startswith("output")]
    while outputs:
        value = outputs.pop()
        if isinstance(value, list | dict):
            outputs += list(value.values()) if isinstance(value, dict) else value
        elif isinstance(value, np.ndarray | float) and np.isnan(value).any():
            return True
    return False


def _repeats(case: Case, device: str, dtype: torch.dtype) -> bool:
    """Whether two runs give the same; torch may take another way while it is watched, so nobody watches."""
    return _same_bits(case.run(device, dtype), case.run(device, dtype))


def _same_bits(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> bool:
    """Whether two runs gave the same, bit by bit; a NaN is as good as another."""
    return one.keys() == other.keys() and all(
        torch.equal(tensor.nan_to_num(nan=0.5), other[name].nan_to_num(nan=0.5)) for name, tensor in one.items()
    )


@contextmanager
def _careful() -> Iterator[None]:
    """Compute float32 as float32, and the same way twice, where torch lets one choose; flags are put back after."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what torch asks for, and reads when CUDA starts
    cudnn, before = torch.backends.cudnn, torch.get_float32_matmul_precision()
    kept = cudnn.allow_tf32, cudnn.deterministic, torch.get_deterministic_debug_mode()
    fills, _MEMORY.fill_uninitialized_memory = _MEMORY.fill_uninitialized_memory, False
    torch.set_float32_matmul_precision("highest")
    cudnn.allow_tf32, cudnn.deterministic = False, True
    torch.set_deterministic_debug_mode("warn")  # the other way to say it imports the compiler: 1.3 s
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
        cudnn.allow_tf32, cudnn.deterministic = kept[:2]
        torch.set_deterministic_debug_mode(kept[2])
        _MEMORY.fill_uninitialized_memory = fills


def _flags() -> dict[str, Any]:
    """Return what decides how float32 is computed, as student code left it."""
    return {
        "float32 matmul precision": torch.get_float32_matmul_precision(),
        "TF32 in cuDNN": bool(torch.backends.cudnn.allow_tf32),
        "TF32 in cuBLAS": bool(torch.backends.cuda.matmul.allow_tf32),
    }
