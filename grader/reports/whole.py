"""``results.json``: the whole result model of a run, for other programs, and its JSON Schema.

Written as it comes, a submission a line: the memory needed is that of one result, and two
runs can be compared with ``diff``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, TextIO

from pydantic import BaseModel

from grader.results import Batch, BatchInfo, SubmissionResult

# JSON escapes C0 controls, but a terminal obeys C1 controls and an editor the writing directions too. In
# JSON such a character can only stand inside a string, where its escape means the same.
_OBEYED = re.compile(r"[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def write_results_json(stream: TextIO, info: BatchInfo, results: Iterable[SubmissionResult]) -> None:
    """Write the :class:`~grader.results.Batch` of ``info`` and ``results`` to ``stream`` as JSON.

    ``results`` is consumed once; no more than one result is held at a time. A number that is
    not finite, such as a deviation of infinity, is written as ``null``, since JSON has no
    word for it.
    """
    stream.write(f'{{"info": {_json(info)},\n"submissions": [')
    separator = "\n"
    for result in results:
        stream.write(separator + _json(result))
        separator = ",\n"
    stream.write("\n]}\n")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of what :func:`write_results_json` writes."""
    return Batch.model_json_schema(mode="serialization")


def _json(model: BaseModel) -> str:
    return _OBEYED.sub(lambda match: f"\\u{ord(match[0]):04x}", model.model_dump_json())
