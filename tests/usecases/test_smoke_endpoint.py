from __future__ import annotations

import json
from typing import Any

import pytest

from slipway.domain.errors import IdentityMismatchError, SmokeTestFailedError
from slipway.domain.smoke import EndpointAnswer
from slipway.usecases.smoke_endpoint import BUDGET_SECONDS, PAUSES_SECONDS, smoke_endpoint
from tests.fakes.models import IMAGE_DIGEST
from tests.fakes.sagemaker import FakeRuntime


def promoted(**versions: str) -> Any:
    """A promotion of 1.1.0 whose layout has these variants, with the version of each."""
    identities = {
        version: {"version": version, "image_digest": IMAGE_DIGEST} for version in versions.values()
    }
    models = [
        {
            "ModelName": f"model-{version}",
            "PrimaryContainer": {"Environment": {"SLIPWAY_IDENTITY": json.dumps(identity)}},
        }
        for version, identity in identities.items()
    ]
    variants = [{"VariantName": name, "ModelName": f"model-{version}"} for name, version in versions.items()]
    return {
        "promotion": {
            "endpoint_name": "slipway-dev-pricing-hotel-rates",
            "kind": "real-time",
            "identity": identities["1.1.0"],
            "model_requests": models,
            "endpoint_config_request": {"ProductionVariants": variants},
            "smoke": {"content_type": "application/json", "accept": "text/csv", "body": '{"instances": []}'},
        }
    }


PROMOTION: Any = promoted(AllTraffic="1.1.0")


def answered_by(version: str, digest: str = IMAGE_DIGEST) -> EndpointAnswer:
    return EndpointAnswer(200, b"[1]", f"project=pricing;version={version};image={digest};trace=x", 7.5, "")


def smoke(*answers: EndpointAnswer) -> tuple[Any, FakeRuntime, list[float]]:
    runtime, slept = FakeRuntime(*answers), []
    result = smoke_endpoint(PROMOTION, runtime=runtime, sleep=slept.append)
    return result, runtime, slept


FAILING = EndpointAnswer(500, b"", "", 3.0, "ModelError: KeyError: 'rooms'")


class TestSmokeEndpoint:
    def test_endpoint_answers_as_the_wanted_version(self) -> None:
        """The manifest's sample is sent as it is, and the answer's identity and time are kept."""
        result, runtime, slept = smoke(answered_by("1.1.0"))

        assert runtime.requests == [
            ("slipway-dev-pricing-hotel-rates", b'{"instances": []}', "application/json", "text/csv")
        ]
        assert (result["status"], result["milliseconds"], result["attempts"]) == ("passed", 7.5, 1)
        assert result["identity"]["version"] == "1.1.0"
        assert slept == []

    def test_old_fleet_answers_for_a_moment(self) -> None:
        """Right after the switch the version before may answer: it is asked again."""
        result, _, slept = smoke(answered_by("1.0.0"), FAILING, answered_by("1.1.0"))

        assert result["attempts"] == 3
        assert slept == list(PAUSES_SECONDS[:2])

    def test_endpoint_that_answers_500(self) -> None:
        """An endpoint that never answers fails the promotion, with the server's own words."""
        with pytest.raises(SmokeTestFailedError, match="status 500: ModelError: KeyError: 'rooms'"):
            smoke(FAILING)

    def test_answer_by_another_version(self) -> None:
        """An endpoint that goes on answering as another version fails the promotion."""
        with pytest.raises(IdentityMismatchError, match=r"was to answer as version '1.1.0'.*said '1.0.0'"):
            smoke(answered_by("1.0.0"))

    def test_answer_by_another_image_of_the_same_version(self) -> None:
        """The same version number with another digest is another image."""
        with pytest.raises(IdentityMismatchError):
            smoke(answered_by("1.1.0", "sha256:" + "00" * 32))

    def test_answer_without_identity(self) -> None:
        """The error says how to fix a server that does not say who it is."""
        with pytest.raises(IdentityMismatchError, match='identity = "proxy"'):
            smoke(EndpointAnswer(200, b"[1]", "", 7.5, ""))

    def test_endpoint_that_hangs(self) -> None:
        """An endpoint that is silent is not asked for longer than a minute."""
        silent = EndpointAnswer(0, b"", "", 31_000.0, "Read timeout on endpoint URL")
        runtime = FakeRuntime(silent)

        with pytest.raises(SmokeTestFailedError, match="Read timeout"):
            smoke_endpoint(PROMOTION, runtime=runtime, sleep=lambda _: None)
        assert len(runtime.requests) == 2


class TestSeveralVersions:
    def test_each_is_asked_by_its_variant(self) -> None:
        """Whatever its share: who names a variant must be answered by its version."""
        runtime = FakeRuntime(answered_by("1.0.0"), answered_by("1.1.0"))
        beside = promoted(AllTraffic="1.0.0", **{"v-1-1-0": "1.1.0"})

        result = smoke_endpoint(beside, runtime=runtime, sleep=lambda _: None)
        assert runtime.variants == ["AllTraffic", "v-1-1-0"]
        assert result["identity"]["version"] == "1.1.0"
        assert {name: one["identity"]["version"] for name, one in result["variants"].items()} == {
            "AllTraffic": "1.0.0",
            "v-1-1-0": "1.1.0",
        }

    def test_one_that_stands_alone_is_asked_by_nobody_s_name(self) -> None:
        """An endpoint of one variant is asked as its callers ask it."""
        _, runtime, _ = smoke(answered_by("1.1.0"))

        assert runtime.variants == [""]

    def test_shadow_is_not_asked(self) -> None:
        """It answers nobody: only what gets the traffic is asked, and named as what answered."""
        shadowed = promoted(AllTraffic="1.0.0", **{"v-1-1-0": "1.1.0"})
        config = shadowed["promotion"]["endpoint_config_request"]
        config["ShadowProductionVariants"] = [config["ProductionVariants"].pop()]
        runtime = FakeRuntime(answered_by("1.0.0"))

        result = smoke_endpoint(shadowed, runtime=runtime, sleep=lambda _: None)
        assert len(runtime.requests) == 1
        assert result["identity"]["version"] == "1.0.0"

    def test_failure_names_the_variant(self) -> None:
        """Of several versions the one that does not answer is named."""
        runtime = FakeRuntime(answered_by("1.0.0"), FAILING)
        with pytest.raises(SmokeTestFailedError, match="variant v-1-1-0: status 500"):
            smoke_endpoint(
                promoted(AllTraffic="1.0.0", **{"v-1-1-0": "1.1.0"}), runtime=runtime, sleep=lambda _: None
            )

    def test_slow_ones_share_one_budget(self) -> None:
        """Each is in time, all together are not: the one that was not reached is named."""
        slow = [
            answer
            for number in range(10)
            for answer in (
                EndpointAnswer(0, b"", "", 30_000.0, "Read timeout"),
                EndpointAnswer(200, b"[1]", f"version=1.{number + 1}.0;image={IMAGE_DIGEST}", 29_000.0, ""),
            )
        ]
        runtime = FakeRuntime(*slow)
        beside = promoted(**{f"v-1-{number + 1}-0": f"1.{number + 1}.0" for number in range(10)})

        with pytest.raises(SmokeTestFailedError) as caught:
            smoke_endpoint(beside, runtime=runtime, sleep=lambda _: None)
        reached = len(set(runtime.variants))
        assert reached < 10
        assert f"variant v-1-{reached + 1}-0 was not asked: the {reached} before it took" in str(caught.value)
        assert (
            sum(answer.milliseconds for answer in slow[: len(runtime.variants)]) / 1000 < BUDGET_SECONDS + 60
        )

    def test_last_one_gets_what_is_left_of_it(self) -> None:
        """It is asked once at least, and no longer than that."""
        silent = EndpointAnswer(0, b"", "", 30_000.0, "Read timeout")
        quick = EndpointAnswer(
            200, b"[1]", f"version=1.1.0;image={IMAGE_DIGEST}", (BUDGET_SECONDS - 1) * 1000, ""
        )
        runtime = FakeRuntime(quick, silent)
        with pytest.raises(SmokeTestFailedError, match="variant v-1-2-0: status 0: Read timeout"):
            smoke_endpoint(
                promoted(AllTraffic="1.1.0", **{"v-1-2-0": "1.2.0"}), runtime=runtime, sleep=lambda _: None
            )
        assert runtime.variants == ["AllTraffic", "v-1-2-0"]


class TestAsynchronousEndpoint:
    def promoted(self) -> Any:
        document = promoted(AllTraffic="1.1.0")
        document["promotion"]["kind"] = "asynchronous"
        document["promotion"]["endpoint_config_request"] |= {
            "EndpointConfigName": "config",
            "AsyncInferenceConfig": {
                "OutputConfig": {"S3OutputPath": "s3://artifacts/asynchronous/endpoint/answers"}
            },
        }
        return document

    def test_is_asked_by_a_file(self) -> None:
        """The sample is put beside the answers; an answer does not say who made it, and is enough."""
        runtime = FakeRuntime(EndpointAnswer(200, b"[1]", "", 900.0, ""))

        result = smoke_endpoint(self.promoted(), runtime=runtime, sleep=lambda _: None)
        assert runtime.questions == ["s3://artifacts/asynchronous/endpoint/questions/config"]
        assert result["status"] == "passed"

    def test_failure_says_why(self) -> None:
        """What SageMaker wrote in place of an answer."""
        runtime = FakeRuntime(EndpointAnswer(500, b"", "", 900.0, "Received server error (500)"))
        with pytest.raises(SmokeTestFailedError, match="Received server error"):
            smoke_endpoint(self.promoted(), runtime=runtime, sleep=lambda _: None)
