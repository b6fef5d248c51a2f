"""Two people, reminder, escalation, changed report and expiry; time is moved by the test's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from slipway.adapters.s3_reports import S3Reports
from tests.conftest import start_embedded_aws
from tests.endtoend.conftest import deploy_platform
from tests.endtoend.laptop import Laptop
from tests.endtoend.test_approval_links import get
from tests.endtoend.ways import sweep
from workbench import approvals
from workbench.synthesis import repository_root

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.endtoend

PROJECT = "teams"
ANA, BEN, HEAD = "ana@example.com", "ben@example.com", "head@example.com"
HOUR = 3600
ALONE = "alone"
"""A project whose releases nobody is asked about."""
SETTINGS = f"""
[policy.approval_rules]
"*" = {{ persons = 2, reminder_hours = 24, escalation_hours = 48, escalation = ["{HEAD}"] }}
{ALONE} = {{ automatic = true }}
"""


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """A platform of its own, where two people must approve."""
    settings = tmp_path_factory.mktemp("environments")
    text = (repository_root() / "environments" / "local.toml").read_text()
    one = '"*" = ["approver@example.com"]'
    assert one in text
    (settings / "local.toml").write_text(text.replace(one, f'"*" = ["{ANA}", "{BEN}"]') + SETTINGS)
    aws, process = start_embedded_aws(tmp_path_factory.mktemp("home"))
    deploy_platform(aws, environments=settings, target=tmp_path_factory.mktemp("assembly") / "local")
    laptop = Laptop(aws, tmp_path_factory.mktemp("laptop"))
    laptop.put_numbers(PROJECT)
    laptop.put_numbers(ALONE)
    yield laptop
    process.terminate()
    process.wait(30)


@pytest.fixture(autouse=True)
def clock(team: Laptop) -> Iterator[None]:
    """Back to the present after each test."""
    yield
    (team.aws.home / "clock").unlink(missing_ok=True)


def move_to(team, hours):
    (team.aws.home / "clock").write_text(str(hours * HOUR))
    sweep(team, "sweep_approvals")


def waiting(team, version):
    team.push(team.model(PROJECT), version)
    release = team.release(f"{PROJECT}/tiny:{version}")
    return team.reach(release, "awaiting-approval")


def decide(team, release, who, decision="approved"):
    return approvals.decide(
        team.link(release, who), decision=decision, reason="seen", version=release["version"]
    )


class TestTeams:
    def test_reminder_then_escalation_then_two_of_three_decide(self, team):
        """
        One approval leaves it waiting; the second list's counts as the other one.
        """
        release = waiting(team, "1.0.0")
        assert decide(team, release, ANA).recorded
        assert team.ledger.get_approval(release["release_id"])["status"] == "pending"
        assert decide(team, release, ANA).status == 409

        move_to(team, 23)
        assert team.mails("Reminder") == []
        move_to(team, 25)
        move_to(team, 26)
        assert [mail["to"] for mail in team.mails("Reminder")] == [BEN]

        move_to(team, 49)
        move_to(team, 50)
        assert len(team.mails("Approval wanted", to=HEAD)) == 1
        assert decide(team, release, HEAD).recorded
        team.reach(release, "deployed")

    def test_a_changed_report_is_asked_about_anew(self, team):
        """
        The old link says so and decides nothing; the new one does.
        """
        release = waiting(team, "1.1.0")
        record = team.ledger.get_approval(release["release_id"])
        old = team.link(release, ANA)
        reports = S3Reports(team.aws.client("s3"))
        text = reports.read(record["report_uri"])
        reports.write(record["report_uri"], f"{text} ")

        assert "The report was changed" in get(old)[2]
        sweep(team, "sweep_approvals")
        assert get(old)[0] == 409
        assert team.link(release, ANA) != old
        assert decide(team, release, BEN, "rejected").recorded
        team.reach(release, "rejected")

    def test_what_nobody_decides_expires_and_all_are_told(self, team):
        """
        The second list too.
        """
        release = waiting(team, "1.2.0")
        move_to(team, 49)
        move_to(team, 73)

        assert team.ledger.get_approval(release["release_id"])["status"] == "expired"
        told = team.wait_for(lambda: team.mails("1.2.0: expired", to=HEAD), "the notice of expiry")
        assert len(told) == 1
        assert team.mails("1.2.0: expired", to=ANA)

    def test_nobody_is_asked_where_the_settings_approve(self, team):
        """
        It serves without a link, a mail with one, or a person's name.
        """
        team.push(team.model(ALONE), "1.0.0")
        release = team.release(f"{ALONE}/tiny:1.0.0")
        team.reach(release, "deployed")

        record = team.ledger.get_approval(release["release_id"])
        assert record["decided_by"] == "automatic approval"
        assert not [mail for mail in team.mails("Approval wanted") if ALONE in mail["subject"]]
        assert team.ledger.version(ALONE, "tiny", "1.0.0")["approver"] == "automatic approval"
