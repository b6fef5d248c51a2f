from __future__ import annotations

from typing import Any

import pytest

from slipway.domain.errors import IdentityMismatchError, SmokeTestFailedError
from slipway.domain.smoke import EndpointAnswer
from slipway.usecases.smoke_endpoint import PAUSES_SECONDS, smoke_endpoint
from tests.fakes.models import IMAGE_DIGEST
from tests.fakes.sagemaker import FakeRuntime

PROMOTION: Any = {
    "promotion": {
        "endpoint_name": "slipway-dev-pricing-hotel-rates",
        "identity": {"version": "1.1.0", "image_digest": IMAGE_DIGEST},
        "smoke": {"content_type": "application/json", "accept": "text/csv", "body": '{"instances": []}'},
    }
}


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
