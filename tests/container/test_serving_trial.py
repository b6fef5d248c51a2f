"""After ``evaluate``, the entry point measures how fast the model's own server answers."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.container.conftest import Image

SERVE = """
import json
from slipway_container import paths
from slipway_container.serving import serve
bias = json.loads((paths.model() / "model.json").read_text())["bias"]
serve(lambda rows: [sum(row) + bias for row in rows])
"""
SAMPLE = {
    "content_type": "application/json",
    "accept": "application/json",
    "body": '{"instances": [[1], [2]]}',
}


def evaluate(image: Image, *, serve: str = SERVE, exit_code: int = 0, **evaluation: Any) -> Any:
    """Run ``entry evaluate``; its exit code, and ``serving.json`` (None: there is none)."""
    image.program("evaluate", f"raise SystemExit({exit_code})\n")
    image.program("serve", serve)
    image.manifest(
        {
            "evaluation": {"serving_requests": 40, **evaluation},
            "serving": {"identity": "native", "sample": SAMPLE, "startup_timeout_seconds": 20},
        }
    )
    output = image.ml / "processing" / "evaluation"
    output.mkdir(parents=True)
    artifact = image.ml / "processing" / "model" / "model.tar.gz"
    artifact.parent.mkdir(parents=True)
    with tarfile.open(artifact, "w:gz") as archive:
        content = b'{"bias": 1}'
        member = tarfile.TarInfo("model.json")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    code, _, _ = image.run("evaluate")
    file = output / "serving.json"
    return code, json.loads(file.read_text()) if file.exists() else None


class TestMeasurement:
    def test_server_is_asked_for_its_sample(self, image: Image) -> None:
        """
        Percentiles of one request at a time, requests a second of several, predictions of an answer.
        """
        code, found = evaluate(image)

        assert code == 0
        latency = found["latency_ms"]
        assert 0 < latency["p50"] <= latency["p90"] <= latency["p95"] <= latency["p99"]
        assert (found["requests"], found["predictions_per_request"]) == (40, 2)
        assert found["requests_per_second"] > 0
        assert found["model_bytes"] == (image.ml / "processing" / "model" / "model.tar.gz").stat().st_size

    def test_server_that_does_not_start_fails_no_evaluation(self, image: Image) -> None:
        """
        The report is there; why there is no latency stands beside it, in the server's last words.
        """
        code, found = evaluate(image, serve="raise SystemExit('no such table')\n")

        assert code == 0
        assert found["problem"] == "the server ended with exit code 1: no such table"
        assert "latency_ms" not in found

    def test_server_that_refuses_its_own_sample(self, image: Image) -> None:
        """
        An error is answered fast: its latency would flatter the model.
        """
        refuses = SERVE.replace("sum(row) + bias", "row[7]")

        _, found = evaluate(image, serve=refuses)

        assert found["problem"] == "40 of 40 requests failed, the last one with status 500"

    def test_nothing_is_measured_where_the_manifest_says_so(self, image: Image) -> None:
        """
        A model that needs another machine than the evaluation's is not started there.
        """
        assert evaluate(image, serving_requests=0) == (0, None)

    def test_evaluation_that_failed_is_not_measured(self, image: Image) -> None:
        """
        Its exit code is the program's.
        """
        assert evaluate(image, exit_code=3) == (3, None)
