"""An instance of a variant is a serving process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.workbench.local.sagemaker.conftest import until

if TYPE_CHECKING:
    from tests.workbench.local.sagemaker.conftest import Account

pytestmark = pytest.mark.embedded


def resize(account: Account, name: str, count: int) -> dict[str, Any]:
    """Ask for so many instances and wait; the endpoint's only variant."""
    account.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=name,
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": count}],
    )
    (variant,) = account.settled_endpoint(name)["ProductionVariants"]
    return dict(variant)


def answering(account: Account, name: str, requests: int = 24) -> set[str]:
    """The processes that answer simultaneous requests."""
    with ThreadPoolExecutor(8) as pool:
        return {a["Body"]["instance"] for a in pool.map(lambda _: account.invoke(name), range(requests))}


class TestInstances:
    def test_are_processes_that_come_and_go(self, account: Account) -> None:
        """
        With three instances three processes answer; taken back to one, one of them goes on.
        """
        name = account.endpoint("sized", DELAY="0.05")

        grown = resize(account, name, 3)
        three = answering(account, name)
        shrunk = resize(account, name, 1)
        one = answering(account, name)

        assert (grown["CurrentInstanceCount"], grown["DesiredInstanceCount"]) == (3, 3)
        assert (shrunk["CurrentInstanceCount"], shrunk["DesiredInstanceCount"]) == (1, 1)
        assert (len(three), len(one)) == (3, 1)
        assert one < three

    def test_answer_what_they_had_before_they_go(self, account: Account) -> None:
        """
        Requests in flight on an instance that is taken away are answered.
        """
        name = account.endpoint("drained", DELAY="0.3")
        resize(account, name, 2)

        with ThreadPoolExecutor(8) as pool:
            answers = [pool.submit(account.invoke, name) for _ in range(8)]
            resize(account, name, 1)

        assert [answer.result()["Body"]["scaled"] for answer in answers] == [[2.0, 4.0]] * 8

    def test_that_cannot_start_leave_the_number_as_it_was(self, account: Account) -> None:
        """
        Instances that are not to be had are given up: the endpoint goes on with those it has, and says why.
        """
        name = account.endpoint("stuck")
        artifact = account.sagemaker.describe_model(ModelName=name)["PrimaryContainer"]["ModelDataUrl"]
        account.s3.delete_object(Bucket=account.bucket, Key=artifact.partition(f"{account.bucket}/")[2])

        variant = resize(account, name, 2)

        assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (1, 1)
        described = account.sagemaker.describe_endpoint(EndpointName=name)
        assert "Failed to download model data" in described["FailureReason"]
        assert account.invoke(name)["Body"]["scaled"] == [2.0, 4.0]

    def test_none_are_for_asynchronous_endpoints_alone(self, account: Account) -> None:
        """
        A real-time variant cannot be taken to no instance.
        """
        name = account.endpoint("least")

        with pytest.raises(ClientError, match="cannot be 0"):
            resize(account, name, 0)

        assert until(lambda: account.invoke(name)["Body"]["scaled"], bool) == [2.0, 4.0]
