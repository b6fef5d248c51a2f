"""The platform, deployed from its synthesized templates to an embedded AWS; once per session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import start_embedded_aws
from tests.endtoend.laptop import Laptop
from workbench.layer import build_layer
from workbench.local.deploy import Deployment
from workbench.synthesis import repository_root, synthesize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import EmbeddedAws


def deploy_platform(aws: EmbeddedAws) -> None:
    """Deploy the local environment's assembly."""
    root = repository_root()
    build_layer(root)
    assembly = synthesize(root, "local", account=aws.account, region=aws.region)
    Deployment(aws.client, account=aws.account, region=aws.region, progress=lambda _: None).deploy(
        assembly.path
    )


@pytest.fixture(scope="session")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """A platform that no other room's tests use: they put things where the platform would."""
    aws, process = start_embedded_aws(tmp_path_factory.mktemp("home"))
    deploy_platform(aws)
    yield Laptop(aws, tmp_path_factory.mktemp("laptop"))
    process.terminate()
    process.wait(30)
