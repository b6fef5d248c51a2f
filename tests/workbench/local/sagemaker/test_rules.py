"""Rules of the embedded SageMaker that need no server."""

from __future__ import annotations

import json
import random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.local.sagemaker.errors import ServiceError
from workbench.local.sagemaker.listing import page
from workbench.local.sagemaker.permissions import resource_arn
from workbench.local.sagemaker.service_model import answer, validate
from workbench.local.sagemaker.traffic import choose
from workbench.local.sagemaker.training_run import MetricReader
from workbench.local.sagemaker.transfers import relative

if TYPE_CHECKING:
    from workbench.local.sagemaker.fleet import Variant

BASE = "arn:aws:sagemaker:us-east-1:000000000000:"


def variants(**weights: float) -> dict[str, Variant]:
    """Variants by name, as far as choosing looks at them."""
    return {
        name: cast("Variant", SimpleNamespace(name=name, weight=weight)) for name, weight in weights.items()
    }


class TestPages:
    @settings(max_examples=60, deadline=None)
    @given(
        times=st.lists(st.integers(0, 5), max_size=30),
        size=st.integers(1, 7),
        order=st.sampled_from(["Ascending", "Descending"]),
        sort=st.sampled_from(["Name", "CreationTime"]),
    )
    def test_pages_together_are_the_whole_list(
        self, times: list[int], size: int, order: str, sort: str
    ) -> None:
        """
        Whatever the order and the page size, following the tokens gives everything once, in order.
        """
        documents = [{"Name": f"n{number:02}", "CreationTime": at} for number, at in enumerate(times)]
        random.Random(1).shuffle(documents)
        found: list[dict[str, Any]] = []
        request: dict[str, Any] = {"MaxResults": size, "SortOrder": order, "SortBy": sort}
        while True:
            shown, token = page(documents, request, name="Name")
            found += shown
            assert len(shown) <= size
            if token is None:
                break
            request["NextToken"] = token

        assert sorted(each["Name"] for each in found) == sorted(each["Name"] for each in documents)
        keys = [(each[sort], each["Name"]) for each in found]
        assert keys == sorted(keys, reverse=order == "Descending")

    def test_a_foreign_token_is_refused(self) -> None:
        """
        A token that this service did not give is a ValidationException.
        """
        with pytest.raises(ServiceError, match="Invalid pagination token"):
            page([], {"NextToken": "nonsense"}, name="Name")


class TestTraffic:
    @given(draw=st.floats(0, 1, exclude_max=True))
    def test_a_variant_without_weight_gets_nothing(self, draw: float) -> None:
        """
        Weight 0 is no traffic, whatever is drawn.
        """
        assert choose(variants(a=1.0, b=0.0), None, draw).name == "a"

    def test_shares_are_those_of_the_weights(self) -> None:
        """
        Equally spaced draws fall to the variants by weight.
        """
        found = [choose(variants(a=3.0, b=1.0), None, number / 100).name for number in range(100)]

        assert (found.count("a"), found.count("b")) == (75, 25)

    def test_a_target_counts_more_than_weights(self) -> None:
        """
        TargetVariant goes to that variant, also without weight; an unknown one is refused.
        """
        assert choose(variants(a=1.0, b=0.0), "b").name == "b"
        with pytest.raises(ServiceError, match="the endpoint has a, b"):
            choose(variants(a=1.0, b=0.0), "c")


class TestPermissions:
    @pytest.mark.parametrize(
        ("operation", "given_request", "expected"),
        [
            ("CreateTrainingJob", {"TrainingJobName": "T"}, BASE + "training-job/T"),
            ("CreateTransformJob", {"TransformJobName": "T", "ModelName": "m"}, BASE + "transform-job/T"),
            ("CreateEndpoint", {"EndpointName": "E", "EndpointConfigName": "C"}, BASE + "endpoint/e"),
            ("CreateModelPackage", {"ModelPackageGroupName": "g"}, BASE + "model-package/g/*"),
            (
                "UpdateModelPackage",
                {"ModelPackageArn": BASE + "model-package/g/1"},
                BASE + "model-package/g/1",
            ),
            ("AddTags", {"ResourceArn": BASE + "model/m"}, BASE + "model/m"),
            ("ListEndpoints", {}, "*"),
        ],
    )
    def test_each_request_is_about_one_resource(
        self, operation: str, given_request: dict[str, str], expected: str
    ) -> None:
        """
        Policies name jobs, models, endpoints and packages by ARN; lists are about all.
        """
        assert resource_arn(operation, given_request, "us-east-1", "000000000000") == expected


class TestServiceModel:
    def test_all_mistakes_are_told_at_once(self) -> None:
        """
        One ValidationException lists every violation with its path.
        """
        request = {"ModelPackageGroupName": "bad_name", "Tags": [{"Key": "a"}], "Typo": 1}

        with pytest.raises(ServiceError) as refused:
            validate("CreateModelPackageGroup", request)

        message = str(refused.value)
        assert message.startswith("3 validation errors detected: ")
        assert "at 'modelPackageGroupName' failed to satisfy constraint" in message
        assert "at 'tags.1.member.value' failed to satisfy constraint: Member must not be null" in message
        assert "'Typo' is no member" in message

    def test_answers_hold_what_the_operation_may_say(self) -> None:
        """
        What a document has beside the operation's members stays inside.
        """
        document = {"ModelName": "m", "ModelArn": BASE + "model/m", "_container": {}, "Secret": 1}

        assert json.loads(json.dumps(answer("DescribeModel", document))) == {
            "ModelName": "m",
            "ModelArn": BASE + "model/m",
        }


class TestMetricReader:
    def test_the_last_value_is_final(self) -> None:
        """
        Every match is a value; what is no number is passed over.
        """
        reader = MetricReader([{"Name": "mae", "Regex": "mae=([a-z0-9.]+)"}])
        found = [value for line in ("mae=3 mae=2", "mae=broken", "mae=1.5") for value in reader.read(line)]

        assert found == [("mae", 3.0), ("mae", 2.0), ("mae", 1.5)]
        assert reader.final["mae"]["Value"] == 1.5


class TestRelative:
    @given(
        st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=4),
        st.booleans(),
    )
    def test_keys_below_a_prefix_keep_their_tree(self, parts: list[str], slash: bool) -> None:  # noqa: FBT001 - generated
        """
        With or without its last slash, a prefix that is a directory is cut off and the rest kept.
        """
        key = "data/" + "/".join(parts)

        assert relative(key, "data/" if slash else "data") == "/".join(parts)
