"""The embedded AWS dies at any step: nothing is lost that AWS would keep, and the release goes on."""

from __future__ import annotations

import signal

import pytest
from botocore.exceptions import ClientError

from tests.conftest import start_embedded_aws
from tests.endtoend.conftest import deploy_platform
from tests.endtoend.laptop import Laptop

pytestmark = pytest.mark.endtoend


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """A laptop of these tests' own that can be killed and started again, on the same port and home."""
    home = tmp_path_factory.mktemp("home")
    aws, process = start_embedded_aws(home)
    deploy_platform(aws)
    laptop = Laptop(aws, tmp_path_factory.mktemp("laptop"))
    running = [process]

    def restart():
        running[-1].send_signal(signal.SIGKILL)
        running[-1].wait()
        port = int(laptop.aws.endpoint_url.rpartition(":")[2])
        again, process = start_embedded_aws(home, port=port)
        running.append(process)
        laptop.aws = again
        laptop.__post_init__()

    yield laptop, restart
    running[-1].terminate()
    running[-1].wait(30)


class TestKill:
    def test_while_it_waits_for_a_decision(self, machine):
        """
        The link of before still decides, and the release goes on to serve.
        """
        laptop, restart = machine
        laptop.put_numbers("waiting")
        laptop.push(laptop.model("waiting"), "1.0.0")
        release = laptop.reach(laptop.release("waiting/tiny:1.0.0"), "awaiting-approval")
        restart()

        assert laptop.decide(release).recorded
        laptop.reach(release, "deployed")
        assert laptop.invoke("waiting")["identity"]["version"] == "1.0.0"

    def test_while_it_trains(self, machine):
        """
        A job that ran when the machine died has failed; the release says so, and a retry finishes it.
        """
        laptop, restart = machine
        laptop.put_numbers("training")
        model = laptop.model("training")
        train = model / "train"
        slow = train.read_text().replace("parameters =", "import time\n\ntime.sleep(4)\nparameters =")
        train.write_text(slow)
        laptop.push(model, "1.0.0")
        release = laptop.release("training/tiny:1.0.0")
        sagemaker = laptop.aws.client("sagemaker")
        laptop.wait_for(
            lambda: [
                job
                for job in sagemaker.list_training_jobs()["TrainingJobSummaries"]
                if job["TrainingJobStatus"] == "InProgress"
            ],
            "a running training job",
        )
        restart()

        ended = laptop.reach(release, "failed", "awaiting-approval")
        if ended["status"] == "failed":
            assert "stopped" in ended["failure"]["cause"]
            laptop.slipway("release", "retry", release["release_id"])
            laptop.wait_for(
                lambda: laptop.ledger.release(release["release_id"])["status"] == "awaiting-approval",
                "the retry to wait for a decision",
            )
        assert laptop.decide(release).recorded
        laptop.reach(release, "deployed")

    def test_while_it_promotes(self, machine):
        """
        A promotion goes on or fails cleanly; what served before serves, and a retry finishes it.
        """
        laptop, restart = machine
        laptop.put_numbers("promoting")
        laptop.deployed(laptop.model("promoting", bias="1.0"), "1.0.0")
        model = laptop.model("promoting", bias="0.0")
        serve = model / "serve"
        serve.write_text(
            serve.read_text().replace("serve(lambda", "import time\n\ntime.sleep(3)\nserve(lambda")
        )
        laptop.push(model, "1.1.0")
        release = laptop.reach(laptop.release("promoting/tiny:1.1.0"), "awaiting-approval")
        laptop.decide(release)
        prefix = laptop.workspace.platform()["resource_prefix"]
        name = f"{prefix}-promoting-tiny"
        laptop.wait_for(
            lambda: (
                laptop.aws.client("sagemaker").describe_endpoint(EndpointName=name)["EndpointStatus"]
                == "Updating"
            ),
            "the endpoint to be updated",
        )
        restart()

        def settled():
            return laptop.ledger.release(release["release_id"])["status"] in ("deployed", "failed")

        laptop.wait_for(settled, "the promotion to end")
        served = laptop.wait_for(lambda: answer(laptop, "promoting"), "an answer")
        if laptop.ledger.release(release["release_id"])["status"] == "failed":
            assert served == "1.0.0"
            laptop.slipway("release", "retry", release["release_id"])
            laptop.wait_for(
                lambda: laptop.ledger.release(release["release_id"])["status"] == "deployed", "the retry"
            )
        assert laptop.invoke("promoting")["identity"]["version"] == "1.1.0"

    def test_what_served_serves_again(self, machine):
        """
        Endpoints come back with their version; buckets, images, ledger and packages are there.
        """
        laptop, restart = machine
        laptop.put_numbers("serving")
        laptop.deployed(laptop.model("serving"), "1.0.0")
        restart()

        assert laptop.wait_for(lambda: answer(laptop, "serving"), "an answer") == "1.0.0"
        assert laptop.ledger.alias("serving", "tiny", "champion")["version"] == "1.0.0"
        packages = laptop.aws.client("sagemaker").list_model_packages(
            ModelPackageGroupName=f"{laptop.workspace.platform()['resource_prefix']}-serving-tiny"
        )["ModelPackageSummaryList"]
        assert [one["ModelApprovalStatus"] for one in packages] == ["Approved"]


def answer(laptop, project):
    """The version that answers; None while nobody does."""
    try:
        return laptop.invoke(project)["identity"].get("version")
    except ClientError:
        return None
