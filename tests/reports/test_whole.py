from __future__ import annotations

import io
import json
import tracemalloc

import jsonschema  # comes with nbformat
import pytest

from grader.reports.whole import json_schema, write_results_json
from grader.results import Batch


def written(info, results) -> str:
    stream = io.StringIO()
    write_results_json(stream, info, results)
    return stream.getvalue()


def test_the_golden_results(info, results, golden):
    golden("results.json", written(info, iter(results)))


def test_what_is_written_fits_the_schema_and_a_wrong_outcome_does_not(info, results):
    batch = json.loads(written(info, results))
    jsonschema.validate(batch, json_schema())
    batch["submissions"][0]["outcome"] = "excellent"
    with pytest.raises(jsonschema.ValidationError, match="'excellent' is not one of"):
        jsonschema.validate(batch, json_schema())


@pytest.mark.parametrize("count", [0, 1, 4])
def test_what_is_written_is_the_batch(info, results, count):
    text = written(info, results[:count])
    assert Batch.model_validate_json(text) == Batch(info=info, submissions=tuple(results[:count]))


def test_no_character_in_the_file_is_obeyed_by_a_terminal(info, results):
    text = written(info, results)
    assert not set(text) & set(map(chr, [*range(10), *range(11, 32), *range(127, 160), 0x202E]))
    assert json.loads(text)["submissions"][1]["student"] == results[1].student


def test_memory_does_not_grow_with_the_class(info, ada):
    big = ada.model_copy(update={"message": "x" * 100_000})

    class Nowhere(io.StringIO):
        def write(self, text):
            return len(text)

    def peak(count: int) -> int:
        tracemalloc.start()
        write_results_json(Nowhere(), info, (big for _ in range(count)))
        high = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return high

    peak(1)  # what is loaded on first use does not count
    assert peak(100) < 2 * peak(2)  # kept texts would make it fifty times as much


def test_the_schema_asks_for_points_as_fractions():
    exercise = json_schema()["$defs"]["ExerciseResult"]
    assert exercise["properties"]["points"] == {"pattern": r"^\d+(/\d+)?$", "title": "Points", "type": "string"}
