"""People of an account: IAM users who hold one of the platform's managed policies, and nothing else."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from workbench.cli.__main__ import slipway

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.endtoend.laptop import Laptop

DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


@dataclass
class Person:
    """One user; every call is signed with their key."""

    laptop: Laptop
    role: str
    arn: str = ""
    _key: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        iam = self.laptop.aws.client("iam")
        name = f"{self.role}-{time.monotonic_ns()}"
        self.arn = iam.create_user(UserName=name)["User"]["Arn"]
        for role in {self.role, "read"}:
            policy = f"arn:aws:iam::{self.laptop.aws.account}:policy/slipway-local-{role}"
            iam.attach_user_policy(UserName=name, PolicyArn=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        self._key = {
            "aws_access_key_id": key["AccessKeyId"],
            "aws_secret_access_key": key["SecretAccessKey"],
        }

    def client(self, service: str) -> Any:
        return self.laptop.aws.client(service, **self._key)

    def slipway(self, *arguments: str) -> None:
        """Run a command of the command line as this person; an error raises."""
        home = self._home()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SLIPWAY_HOME", str(home))
            slipway.main(args=list(arguments), prog_name="slipway", standalone_mode=False)

    def _home(self) -> Path:
        """A home whose ``server.json`` names this person's key."""
        home = self.laptop.scratch / self.arn.rpartition("/")[2]
        if not home.exists():
            home.mkdir()
            server = json.loads((self.laptop.aws.home / "server.json").read_text())
            own = {name.removeprefix("aws_"): text for name, text in self._key.items()}
            (home / "server.json").write_text(json.dumps(server | own))
        return home


def denied(call: Callable[..., Any], **request: Any) -> bool:
    """Whether IAM refuses a call; another refusal, or none, is not that."""
    try:
        call(**request)
    except ClientError as error:
        return error.response["Error"]["Code"] in DENIED
    return False
