"""Rules of batch transform that need no server."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.local.sagemaker.errors import ServiceError
from workbench.local.sagemaker.json_path import JsonPath
from workbench.local.sagemaker.transform_join import Join, JoinError
from workbench.local.sagemaker.transform_records import RecordTooLargeError, batches_of

RECORD = {"id": 7, "features": [1, 2, 3], "deep": {"a": "b"}}


def join(content_type: str, **processing: str) -> Join:
    """The join of a job on lines of a content type."""
    return Join(
        {
            "TransformInput": {"ContentType": content_type, "SplitType": "Line"},
            "TransformOutput": {"AssembleWith": "Line"},
            "DataProcessing": processing,
        }
    )


class TestJsonPath:
    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("$", RECORD),
            ("$.id", 7),
            ("$['features'][-1]", 3),
            ("$.features[1:]", [2, 3]),
            ("$.features[0,2]", [1, 3]),
            ("$.deep.*", ["b"]),
            ("$['id','deep']", {"id": 7, "deep": {"a": "b"}}),
        ],
    )
    def test_selects_what_it_names(self, path: str, expected: Any) -> None:
        """
        Names, numbers, lists of them, slices and the star, as SageMaker's documentation has them.
        """
        assert JsonPath(path).of(RECORD) == expected

    @pytest.mark.parametrize("path", ["id", "$..id", "$[?(@.a)]", "$[", "$.features[0:2:1]"])
    def test_what_is_no_such_path_is_refused(self, path: str) -> None:
        """
        Filters, descent and mistakes are told when the job is asked for.
        """
        with pytest.raises(ServiceError):
            JsonPath(path)

    @pytest.mark.parametrize("path", ["$.none", "$.features[9]", "$[1:]", "$.id.x"])
    def test_a_record_without_it_is_told(self, path: str) -> None:
        """
        A record that has nothing there cannot be filtered.
        """
        with pytest.raises(LookupError):
            JsonPath(path).of(RECORD)


class TestJoin:
    def test_objects_get_the_answer_beside_their_members(self) -> None:
        """
        JSON Lines: each answer is SageMakerOutput of its input, and OutputFilter picks members.
        """
        joined = join(
            "application/jsonlines",
            InputFilter="$.features",
            JoinSource="Input",
            OutputFilter="$['id','SageMakerOutput']",
        )
        records = [json.dumps(RECORD | {"id": number}).encode() for number in (1, 2)]

        kept = joined.answered(records, b"[0.5]\n[0.25]\n", lines=True)

        assert joined.asked(records[0]) == b"[1, 2, 3]"
        assert [json.loads(one) for one in kept] == [
            {"id": 1, "SageMakerOutput": [0.5]},
            {"id": 2, "SageMakerOutput": [0.25]},
        ]

    def test_as_many_answers_as_records_are_needed(self) -> None:
        """
        Answers that cannot be told apart are joined with nothing.
        """
        with pytest.raises(JoinError, match="2 records were asked and 1 answered"):
            join("text/csv", JoinSource="Input").answered([b"1", b"2"], b"3", lines=True)

    def test_other_formats_cannot_be_joined(self) -> None:
        """
        DataProcessing is for CSV and JSON.
        """
        with pytest.raises(ServiceError, match="needs a ContentType"):
            join("application/octet-stream", JoinSource="Input")


class TestBatches:
    @given(st.lists(st.binary(max_size=12), max_size=40), st.integers(12, 40))
    def test_every_record_is_asked_once_and_no_request_is_too_large(
        self, records: list[bytes], limit: int
    ) -> None:
        """
        Put together again, the requests are the records; one more record would not have fitted.
        """
        found = list(batches_of(records, strategy="MultiRecord", limit=limit))

        assert [record for batch in found for record in batch] == records
        assert all(len(b"\n".join(batch)) <= limit for batch in found)
        for batch, following in itertools.pairwise(found):
            assert sum(len(one) + 1 for one in [*batch, following[0]]) > limit

    def test_a_record_that_fits_nowhere_is_told(self) -> None:
        """
        A record over the limit cannot be asked.
        """
        with pytest.raises(RecordTooLargeError, match="of 9 bytes"):
            list(batches_of([b"x" * 9], strategy="SingleRecord", limit=8))
