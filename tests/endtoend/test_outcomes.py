"""Outcomes are reported back on a deployed platform: through the API, by the command line, as a file."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from slipway.domain.trials.kept_outcomes import kept_lines
from tests.endtoend.people import Person
from workbench.cli.frame import Refusal

pytestmark = pytest.mark.endtoend

PROJECT = "reports"
MODEL = f"{PROJECT}/tiny"


@pytest.fixture(scope="module")
def program(laptop):
    """A program that may report, and a version that serves."""
    laptop.put_numbers(PROJECT)
    laptop.deployed(laptop.model(PROJECT), "1.0.0")
    return Person(laptop, "report")


def kept(laptop):
    """Every outcome that was kept, by inference id."""
    s3, bucket = laptop.aws.client("s3"), laptop.workspace.platform()["data_bucket"]
    found = s3.list_objects_v2(Bucket=bucket, Prefix=f"outcomes-kept/{MODEL}/").get("Contents", ())
    texts = [s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read().decode() for one in found]
    return {line["inference_id"]: line["value"] for text in texts for line in kept_lines(text)}


class TestOutcomes:
    def test_a_program_reports_with_the_policy_made_for_it(self, laptop, program, tmp_path):
        """One by its inference id, many by a file; what is wrong in it is told by its line."""
        program.slipway("endpoint", "outcome", MODEL, "--inference-id", "a", "--value", "1")
        many = tmp_path / "many.csv"
        many.write_text("inference_id,value\n" + "".join(f"n-{n},{n % 2}\n" for n in range(501)) + ",1\n")
        with pytest.raises(Refusal, match="1 outcome was refused"):
            program.slipway("endpoint", "outcome", MODEL, "--file", str(many), "--outcome", "booked")

        assert len(kept(laptop)) == 502
        assert (kept(laptop)["a"], kept(laptop)["n-3"]) == (1.0, 1.0)

    def test_who_may_not_report_is_refused(self, laptop, program):
        """IAM guards the route: a reader's signature does not do, and none does less."""
        reader = Person(laptop, "read")
        with pytest.raises(Refusal, match=r"(?i)not authorized|forbidden|denied"):
            reader.slipway("endpoint", "outcome", MODEL, "--inference-id", "x", "--value", "1")
        url = laptop.workspace.platform()["outcomes_url"]
        with pytest.raises(urllib.error.HTTPError) as refusal:
            urllib.request.urlopen(urllib.request.Request(url, data=b"{}", method="POST"), timeout=30)

        assert refusal.value.code == 403
        assert "x" not in kept(laptop)

    def test_an_unknown_model_is_not_found(self, program):
        """A slip in the name must not lose outcomes silently."""
        with pytest.raises(Refusal, match="no version of reports/tony ever served") as refusal:
            program.slipway("endpoint", "outcome", f"{PROJECT}/tony", "--inference-id", "a", "--value", "1")

        assert refusal.value.exit_code == 3

    def test_a_dropped_file_is_taken_in(self, laptop, program):
        """Its good lines are kept; the others are listed under its name."""
        s3, bucket = laptop.aws.client("s3"), laptop.workspace.platform()["data_bucket"]
        text = '{"inference_id": "dropped", "value": "late"}\n{"value": 1}\n'
        s3.put_object(Bucket=bucket, Key=f"outcomes/{MODEL}/monday night.jsonl", Body=text.encode())
        laptop.wait_for(lambda: kept(laptop).get("dropped") == "late", "the dropped outcome")
        name = f"outcomes-refused/{MODEL}/monday night.jsonl.json"
        listed = json.loads(s3.get_object(Bucket=bucket, Key=name)["Body"].read())

        assert (listed["accepted"], listed["refused"][0]["index"]) == (1, 2)
