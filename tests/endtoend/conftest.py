"""The platform, deployed from its synthesized templates to an embedded AWS; once per session."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest

from tests.adapters.test_otlp_collector import OddCollector, RealCollector
from tests.adapters.test_slack_webhook import Slack
from tests.conftest import start_embedded_aws
from tests.endtoend.laptop import Laptop
from tests.endtoend.slack_clicks import APPROVER, SIGNING_SECRET
from workbench.layer import build_layers
from workbench.local.deploy import Deployment
from workbench.synthesis import repository_root, synthesize

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import EmbeddedAws

SLACK_SECRET = "slipway/local/slack"
SLACK_SIGNING = "slipway/local/slack-signing"


def deploy_platform(
    aws: EmbeddedAws, *, environments: Path | None = None, target: Path | None = None
) -> None:
    """Deploy the local environment's assembly, or one of other settings, which is built at ``target``."""
    root = repository_root()
    build_layers(root)
    assembly = synthesize(
        root, "local", account=aws.account, region=aws.region, environments=environments, target=target
    )
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


@pytest.fixture(scope="session")
def slack() -> Iterator[Slack]:
    """A listener that stands for Slack's incoming webhook."""
    listener = Slack()
    yield listener
    listener.server.shutdown()
    listener.server.server_close()


@pytest.fixture(scope="session")
def any_collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCollector | OddCollector]:
    """An OpenTelemetry collector in a process of its own; where there is none, what takes anything."""
    if importlib.util.find_spec("rotel") is None:
        yield OddCollector((200, b"{}"))
        return
    real = RealCollector(tmp_path_factory.mktemp("collector"))
    yield real
    real.process.terminate()
    real.process.wait(10)


@pytest.fixture(scope="session")
def collector(any_collector: RealCollector | OddCollector) -> RealCollector:
    """The real one."""
    if not isinstance(any_collector, RealCollector):
        pytest.skip("there is no wheel of the collector for this Python or machine")
    return any_collector


@pytest.fixture(scope="session")
def complete_laptop(
    slack: Slack, any_collector: RealCollector | OddCollector, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Laptop]:
    """A platform with all that is optional: its settings name a Slack secret and a collector."""
    settings = tmp_path_factory.mktemp("environments")
    text = (repository_root() / "environments" / "local.toml").read_text()
    without = 'slack_secret = ""'
    assert without in text
    idle = '[idle]\ndays = 30\nwarn_days = 3\naction = "stop"\n'
    told = f'[telemetry]\notlp_endpoint = "http://127.0.0.1:{any_collector.port}"\nmetrics_minutes = 1\n'
    buttons = (
        f'slack_signing_secret = "{SLACK_SIGNING}"\nslack_people = {{ {APPROVER} = "approver@example.com" }}'
    )
    named = text.replace(without, f'slack_secret = "{SLACK_SECRET}"\n{buttons}')
    (settings / "local.toml").write_text(f"{named}\n{idle}\n{told}")
    aws, process = start_embedded_aws(tmp_path_factory.mktemp("home"))
    aws.client("secretsmanager").create_secret(Name=SLACK_SECRET, SecretString=slack.url)
    aws.client("secretsmanager").create_secret(Name=SLACK_SIGNING, SecretString=SIGNING_SECRET)
    deploy_platform(aws, environments=settings, target=tmp_path_factory.mktemp("assembly") / "local")
    yield Laptop(aws, tmp_path_factory.mktemp("laptop"))
    process.terminate()
    process.wait(30)
