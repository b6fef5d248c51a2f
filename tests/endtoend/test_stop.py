"""A release that somebody stops leaves nothing behind that stands in the next one's way."""

from __future__ import annotations

import pytest

from slipway.contracts.ledger_keys import lease_key
from slipway.contracts.names import endpoint

pytestmark = pytest.mark.endtoend

PROJECT = "stopping"


@pytest.fixture
def name(laptop):
    return endpoint(laptop.workspace.platform()["resource_prefix"], PROJECT, "tiny")


def lease(laptop, name):
    """Who holds the lease on an endpoint; None: nobody does."""
    key = {attribute: {"S": value} for attribute, value in lease_key(name).items()}
    table = laptop.workspace.platform()["ledger_table"]
    found = laptop.aws.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)
    return found.get("Item", {}).get("owner")


class TestStop:
    def test_in_the_middle_of_a_promotion(self, laptop, name):
        """
        Its lease is given back by who records its end, and a new version can be promoted at once.
        """
        laptop.put_numbers(PROJECT)
        laptop.deployed(laptop.model(PROJECT, bias="1.0"), "1.0.0")
        slow = laptop.model(PROJECT)
        serve = slow / "serve"
        serve.write_text(
            serve.read_text().replace("serve(lambda", "import time\n\ntime.sleep(5)\nserve(lambda")
        )
        laptop.push(slow, "1.1.0")
        release = laptop.reach(laptop.release(f"{PROJECT}/tiny:1.1.0"), "awaiting-approval")
        laptop.decide(release)
        sagemaker = laptop.aws.client("sagemaker")
        laptop.wait_for(
            lambda: sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "Updating",
            "the endpoint to be updated",
        )
        assert lease(laptop, name) is not None
        laptop.slipway("release", "stop", release["release_id"], "--reason", "wrong version")

        assert laptop.reach(release, "stopped")["reason"] == "wrong version"
        laptop.wait_for(lambda: lease(laptop, name) is None, "the lease to be given back")
        laptop.deployed(laptop.model(PROJECT, bias="0.1"), "1.2.0")
        assert laptop.invoke(PROJECT)["identity"]["version"] == "1.2.0"
        assert laptop.ledger.alias(PROJECT, "tiny", "champion")["version"] == "1.2.0"
