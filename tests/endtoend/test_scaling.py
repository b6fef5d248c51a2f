"""A model whose endpoint is scaled, and that moves to another kind of instance."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.endtoend

SCALED = "instance_count = 1\nmin_instances = 1\nmax_instances = {most}\ninvocations_per_instance = 1000\n"
PROJECT = "scaling"


def scaled(laptop, *, bias, instance_type, most):
    """The tiny model, scaled, on an instance type."""
    model = laptop.model(PROJECT, bias=bias)
    manifest = model / "slipway.toml"
    head, found, serving = manifest.read_text().partition("[serving]\n")
    assert found
    serving = serving.replace("ml.m5.large", instance_type)
    manifest.write_text(head + found + serving.replace("instance_count = 1\n", SCALED.format(most=most)))
    return model


@pytest.fixture(scope="module")
def moved(laptop):
    """1.0.0 is scaled on ml.m5.large, 1.1.0 on ml.m5.xlarge; both came to serve."""
    laptop.put_numbers(PROJECT)
    laptop.deployed(scaled(laptop, bias="2.0", instance_type="ml.m5.large", most=2), "1.0.0")
    laptop.deployed(scaled(laptop, bias="0.0", instance_type="ml.m5.xlarge", most=3), "1.1.0")
    return f"{laptop.workspace.platform()['resource_prefix']}-{PROJECT}-tiny"


def limits(laptop, endpoint):
    """The endpoint's scalable targets, as (least, most) instances; and the number of their policies."""
    client = laptop.aws.client("application-autoscaling")
    named = f"endpoint/{endpoint}/variant/AllTraffic"
    targets = client.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[named])
    policies = client.describe_scaling_policies(ServiceNamespace="sagemaker", ResourceId=named)
    found = [(one["MinCapacity"], one["MaxCapacity"]) for one in targets["ScalableTargets"]]
    return found, len(policies["ScalingPolicies"])


class TestScaledEndpoint:
    def test_changes_its_instance_type(self, laptop, moved):
        """
        A scaled endpoint takes a version on another instance type, and is scaled as that version says.
        """
        sagemaker = laptop.aws.client("sagemaker")
        config = sagemaker.describe_endpoint(EndpointName=moved)["EndpointConfigName"]
        (variant,) = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]

        assert variant["InstanceType"] == "ml.m5.xlarge"
        assert laptop.invoke(PROJECT)["identity"]["version"] == "1.1.0"
        assert limits(laptop, moved) == ([(1, 3)], 1)

    def test_is_scaled_as_before_when_the_new_version_fails(self, laptop, moved):
        """
        A version that comes to serve and does not answer takes its instance type and its limits with it.
        """
        model = scaled(laptop, bias="0.0", instance_type="ml.m5.large", most=2)
        serve = model / "serve"
        serve.write_text(serve.read_text().replace("[prediction for _ in rows]", "1 / 0"))
        laptop.push(model, "1.2.0")
        release = laptop.release(f"{PROJECT}/tiny:1.2.0")
        laptop.reach(release, "awaiting-approval")
        laptop.decide(release)

        assert laptop.reach(release, "failed")["failure"]["step"] == "Smoke"
        assert laptop.invoke(PROJECT)["identity"]["version"] == "1.1.0"
        assert limits(laptop, moved) == ([(1, 3)], 1)
