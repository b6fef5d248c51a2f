from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from slipway.usecases.remove_artifact import ArtifactRemoval
from slipway.usecases.sweep_artifacts import ArtifactSweep, ArtifactSweepIncompleteError
from tests.fakes.artifacts import FakeArtifacts
from tests.fakes.hosting import FakeHosting
from tests.fakes.ledger import FakeLedger
from tests.fakes.models import NOW, a_version

SUBJECT = ("pricing", "hotel-rates")
ENDPOINT = "slipway-dev-pricing-hotel-rates"
EARLIER = "2026-11-01T00:00:00.000Z"


class Attic:
    """A model's versions and releases with what they trained."""

    def __init__(self, *, ledger: FakeLedger | None = None, artifacts: FakeArtifacts | None = None) -> None:
        self.ledger, self.artifacts = ledger or FakeLedger(), artifacts or FakeArtifacts()
        self.hosting = FakeHosting()
        self.now = NOW
        self.has_time = True

    @property
    def removal(self) -> ArtifactRemoval:
        return ArtifactRemoval(
            ledger=self.ledger,
            artifacts=self.artifacts,
            hosting=self.hosting,
            retention={"experiment_days": 30, "version_days": 365, "keep_versions": 1},
            resource_prefix="slipway-dev",
            clock=lambda: self.now,
        )

    def uri(self, release_id: str) -> str:
        return f"s3://artifacts/pricing/hotel-rates/releases/{release_id}/training/job/output/model.tar.gz"

    def version(self, version: str, approval: str = "approved", *, of: str = "", **more: Any) -> Any:
        """Register a version; its artifact is that of its own release, or ``of`` another one."""
        record = a_version(
            version,
            approval=approval,
            release_id=f"release-{version}",
            registered_at=EARLIER,
            decided_at=EARLIER,
            **{"model_uri": self.artifacts.put(self.uri(of or f"release-{version}")), **more},
        )
        assert self.ledger.put_version(record) is None
        return record

    def release(self, release_id: str, status: str, **more: Any) -> None:
        record = {
            "release_id": release_id,
            "project": "pricing",
            "model": "hotel-rates",
            "version": "1.0.0",
            "status": status,
            "reason": "",
            "planned_at": EARLIER,
            "ended_at": EARLIER,
            **more,
        }
        assert self.ledger.claim_release(record) is None

    def champion(self, *versions: str) -> None:
        for revision, version in enumerate(versions, 1):
            assert self.ledger.move_alias(
                {
                    "project": "pricing",
                    "model": "hotel-rates",
                    "alias": "champion",
                    "version": version,
                    "release_id": f"release-{version}",
                    "moved_at": f"2026-11-02T00:00:{revision:02}.000Z",
                    "actor": "ana@example.com",
                    "reason": "",
                    "revision": revision,
                }
            )

    def remove(self, version: str) -> Any:
        return self.removal.remove(*SUBJECT, version)

    def sweep(self, days: int) -> Any:
        self.now = NOW + timedelta(days=days)
        return ArtifactSweep(self.removal, "artifacts", lambda: self.has_time).sweep_artifacts()

    def gone(self) -> set[str]:
        return {key[2] for key, one in self.ledger.registered.items() if "artifact_removed_at" in one}


@pytest.fixture
def attic() -> Attic:
    return Attic()


class TestRemove:
    def test_artifact_goes_and_the_record_stays(self, attic: Attic) -> None:
        """Only model.tar.gz is removed; the version says since when."""
        record = attic.version("1.0.0")

        assert attic.remove("1.0.0") == {"outcome": "removed", "reason": ""}
        assert attic.artifacts.removed == [record["model_uri"]]
        kept = attic.ledger.version(*SUBJECT, "1.0.0")
        assert kept == {**record, "artifact_removed_at": "2026-11-22T03:00:00.000Z"}
        assert attic.remove("1.0.0")["outcome"] == "unchanged"

    def test_removal_that_died_on_its_way_is_finished(self, attic: Attic) -> None:
        """A marked version whose artifact is still there loses it when asked again."""
        record = attic.version("1.0.0")
        attic.ledger.note_artifact_removed(record, EARLIER)

        assert attic.remove("1.0.0")["outcome"] == "removed"
        assert attic.artifacts.archives == {}

    def test_what_is_not_registered(self, attic: Attic) -> None:
        """An unknown version is refused with the command that lists the others."""
        assert "slipway registry list" in attic.remove("9.9.9")["reason"]

    @pytest.mark.parametrize("variant", ["production", "shadow", "pending"])
    def test_what_any_variant_serves_is_kept(self, attic: Attic, variant: str) -> None:
        """Served, shadowed or about to be served, on any endpoint of the model: the artifact stays."""
        uri = attic.version("1.0.0")["model_uri"]
        served = {"shadow": {"shadow": uri}, "pending": {"pending": uri}}.get(variant, {})
        attic.hosting.serve(f"{ENDPOINT}-b", *([] if served else [uri]), **served)

        assert f"{ENDPOINT}-b serves" in attic.remove("1.0.0")["reason"]
        assert attic.gone() == set()

    def test_what_serves_and_the_way_back_are_kept(self, attic: Attic) -> None:
        """The champion and as many before it as the settings say; the one before those is free."""
        for version in ("1.0.0", "1.1.0", "1.2.0"):
            attic.version(version)
        attic.champion("1.0.0", "1.1.0", "1.2.0")

        assert "alias 'champion'" in attic.remove("1.2.0")["reason"]
        assert "keep_versions" in attic.remove("1.1.0")["reason"]
        assert attic.remove("1.0.0")["outcome"] == "removed"

    def test_nothing_goes_while_a_promotion_or_a_release_is_under_way(self, attic: Attic) -> None:
        """A promotion may be about to serve it, a release about to take what it trained."""
        attic.version("1.0.0")
        attic.ledger.leases[ENDPOINT] = "arn:aws:states:e:1:execution:promote:one"
        assert "promotion of hotel-rates is under way (one)" in attic.remove("1.0.0")["reason"]
        attic.ledger.leases.clear()
        attic.release("9f2c41d07b3a55e1", "running")

        assert "release 9f2c41d07b3a55e1" in attic.remove("1.0.0")["reason"]

    def test_promotion_that_begins_in_between_wins(self) -> None:
        """Who takes the lease after the first look is seen by the second one: the mark is taken back."""

        class Interrupted(FakeLedger):
            def note_artifact_removed(self, record: Any, at: Any) -> Any:
                self.leases[ENDPOINT] = "arn:aws:states:e:1:execution:promote:one"
                return super().note_artifact_removed(record, at)

        attic = Attic(ledger=Interrupted())
        attic.version("1.0.0")

        assert attic.remove("1.0.0")["outcome"] == "refused"
        assert attic.gone() == set()
        assert len(attic.artifacts.archives) == 1

    def test_artifact_of_two_versions_goes_with_the_last(self, attic: Attic) -> None:
        """An identical training runs once: what another version is made of stays until that one goes too."""
        attic.version("1.0.0")
        attic.version("1.0.1", of="release-1.0.0")

        assert attic.remove("1.0.0")["outcome"] == "removed"
        assert len(attic.artifacts.archives) == 1
        assert attic.remove("1.0.1")["outcome"] == "removed"
        assert attic.artifacts.archives == {}


class TestSweep:
    def test_removes_what_is_over_and_nothing_else(self, attic: Attic) -> None:
        """Turned-down versions after 30 days, approved ones after a year; what serves or may again: never."""
        for version in ("1.0.0", "1.1.0", "1.2.0", "1.3.0"):
            attic.version(version)
        attic.version("1.4.0", "rejected")
        attic.version("1.5.0", "pending")
        attic.champion("1.1.0", "1.2.0", "1.3.0")

        assert attic.sweep(20) == {"versions": 1, "experiments": 0, "kept": 0}
        assert attic.gone() == {"1.4.0"}
        assert attic.sweep(300) == {"versions": 0, "experiments": 0, "kept": 0}
        assert attic.sweep(400) == {"versions": 2, "experiments": 0, "kept": 2}
        assert attic.gone() == {"1.0.0", "1.1.0", "1.4.0"}

    def test_removes_what_experiments_trained(self, attic: Attic) -> None:
        """Reports stay; what a version is made of stays; a release is looked at once."""
        for status in ("not-accepted", "failed", "stopped", "deployed", "awaiting-approval"):
            attic.release(f"{status}-1", status)
            attic.artifacts.put(attic.uri(f"{status}-1"))
        attic.artifacts.archives["s3://artifacts/pricing/hotel-rates/releases/failed-1/report.json"] = b"{}"
        attic.version("1.1.0", of="failed-1")

        assert attic.sweep(10)["experiments"] == 2
        left = {uri.split("/")[6] for uri in attic.artifacts.archives if uri.endswith(".tar.gz")}
        assert left == {"failed-1", "deployed-1", "awaiting-approval-1"}
        assert attic.ledger.release("stopped-1")["artifact_removed_at"] == "2026-12-02T03:00:00.000Z"
        assert "artifact_removed_at" not in attic.ledger.release("failed-1")
        assert attic.sweep(10)["experiments"] == 0

    def test_young_experiments_stay(self, attic: Attic) -> None:
        """Their days count from their end."""
        attic.release("failed-1", "failed", ended_at="2026-11-20T00:00:00.000Z")
        attic.artifacts.put(attic.uri("failed-1"))

        assert attic.sweep(27)["experiments"] == 0
        assert attic.sweep(28)["experiments"] == 1

    def test_waits_while_a_release_of_the_model_runs(self, attic: Attic) -> None:
        """It may be about to take over what the experiment trained."""
        attic.release("failed-1", "failed")
        attic.artifacts.put(attic.uri("failed-1"))
        attic.release("9f2c41d07b3a55e1", "running", planned_at="2026-12-01T00:00:00.000Z")

        assert attic.sweep(10)["experiments"] == 0

    def test_one_model_that_fails_does_not_stop_the_others(self) -> None:
        """What could not be swept is told at the end, and the next sweep tries it again."""

        class Broken(FakeArtifacts):
            def remove(self, uri: Any) -> Any:
                if uri == "s3://artifacts/x":
                    raise ConnectionError("lost")
                return super().remove(uri)

        attic = Attic(artifacts=Broken())
        attic.version("1.0.0", "rejected", model_uri="s3://artifacts/x")
        attic.version("1.0.0", "rejected", project="travel")

        with pytest.raises(ArtifactSweepIncompleteError, match="pricing/hotel-rates: ConnectionError: lost"):
            attic.sweep(20)
        assert len(attic.artifacts.removed) == 1

    def test_ends_when_its_time_is_over(self, attic: Attic) -> None:
        """The next run goes on."""
        attic.version("1.0.0", "rejected")
        attic.has_time = False

        assert attic.sweep(100) == {"versions": 0, "experiments": 0, "kept": 0}
