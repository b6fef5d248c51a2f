"""A package's card, held to the shapes that SageMaker's own SDK makes of the card's schema."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.validate import ParamValidator
from sagemaker.core.shapes.model_card_shapes import ModelCardContent

from slipway.domain.model_card import CARD_STATUS, MAX_CONTENT, model_card
from slipway.domain.packages import package_request
from tests.fakes.models import a_champion, a_plan, an_accepted_document


def a_document(**verdict: Any) -> Any:
    document = an_accepted_document(a_plan(champion=a_champion()))
    numbers = [["mae", "31.20 EUR, champion 1.0.0 33.04 EUR"], ["latency p99", "4 ms"]]
    document["verdict"] |= {"champion": {"mae": 33.04}, "numbers": numbers, **verdict}
    document["plan"]["source"] = {"git_commit": "abc", "libraries": {"numpy": "2"}}
    return document


def strict(model: Any, content: Any) -> Any:
    """The names that the schema knows, at every level: the SDK's own shapes pass over others."""
    for name, value in content.items():
        assert name in model.model_fields, name
        kind = model.model_fields[name].annotation
        for inner in getattr(kind, "__args__", (kind,)):
            for one in getattr(inner, "__args__", (inner,)):
                if hasattr(one, "model_fields"):
                    for item in value if isinstance(value, list) else [value]:
                        strict(one, item)


class TestModelCard:
    def test_schema_accepts_it(self) -> None:
        """Every field is one of the schema, within its limits; no field is made up."""
        content = json.loads(model_card(a_document())["ModelCardContent"])

        ModelCardContent.model_validate(content)
        for section in ("training_details", "intended_uses", "additional_information", "model_overview"):
            kind = ModelCardContent.model_fields[section].annotation
            strict(next(one for one in kind.__args__ if hasattr(one, "model_fields")), content[section])

    def test_overview_is_that_of_a_package_s_card(self) -> None:
        """Its schema knows creator and artifact alone there, and no package details."""
        content = json.loads(model_card(a_document())["ModelCardContent"])

        assert set(content["model_overview"]) == {"model_creator", "model_artifact"}
        assert "model_package_details" not in content

    def test_it_says_how_the_model_was_judged(self) -> None:
        """Sentence, five numbers, both sides' metrics."""
        (evaluation,) = json.loads(model_card(a_document())["ModelCardContent"])["evaluation_details"]

        assert evaluation["evaluation_observation"] == "accepted"
        assert evaluation["metadata"]["latency p99"] == "4 ms"
        assert [group["name"] for group in evaluation["metric_groups"]] == ["challenger", "champion 1.0.0"]
        assert evaluation["metric_groups"][1]["metric_data"] == [
            {"name": "mae", "value": 33.04, "type": "number"}
        ]

    def test_largest_release_fits(self) -> None:
        """SageMaker takes 100,000 characters in one line."""
        document = a_document(
            summary="s" * 9000,
            challenger={f"{'m' * 250}{number}": 1.0 / 3 for number in range(200)},
            champion={f"{'m' * 250}{number}": 1.0 / 3 for number in range(200)},
        )
        document["plan"]["requests"]["training"]["HyperParameters"] = {
            f"{'h' * 200}{number}": "v" * 2500 for number in range(100)
        }
        card = model_card(document)["ModelCardContent"]

        assert len(card) <= MAX_CONTENT
        assert "\n" not in card
        ModelCardContent.model_validate(json.loads(card))

    def test_package_is_asked_for_with_it(self) -> None:
        """Botocore's model of CreateModelPackage takes the whole request."""
        client = boto3.client("sagemaker", region_name="eu-west-1")
        shape = client.meta.service_model.operation_model("CreateModelPackage").input_shape
        request = package_request(a_document(), "group")

        assert not ParamValidator().validate(request, shape).has_errors()
        assert request["ModelCard"]["ModelCardStatus"] == "PendingReview"

    @pytest.mark.parametrize("approval", ["PendingManualApproval", "Approved", "Rejected"])
    def test_every_approval_has_a_status_of_cards(self, approval: str) -> None:
        """Of those that SageMaker knows."""
        client = boto3.client("sagemaker", region_name="eu-west-1")
        known = client.meta.service_model.shape_for("ModelCardStatus").enum

        assert CARD_STATUS[approval] in known
