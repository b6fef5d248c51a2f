from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from slipway.contracts import ledger_keys

if TYPE_CHECKING:
    from tests.stacks.conftest import Synthesized

STATEFUL = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::KMS::Key")


class TestStorage:
    @pytest.mark.parametrize("kind", STATEFUL)
    def test_production_is_retained(self, synthesized: Synthesized, kind: str) -> None:
        """What is evidence outlives its stack."""
        for name, resource in synthesized.resources("prod", kind).items():
            assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain", name

    @pytest.mark.parametrize("kind", STATEFUL)
    def test_laptop_is_not(self, synthesized: Synthesized, kind: str) -> None:
        """What `slipway down --fresh` removes is gone."""
        for resource in synthesized.resources("local", kind).values():
            assert resource["DeletionPolicy"] == "Delete"

    def test_buckets_are_private_versioned_and_encrypted(self, synthesized: Synthesized) -> None:
        """No bucket is public; every object has versions and a key."""
        buckets = synthesized.resources("prod", "AWS::S3::Bucket")
        assert len(buckets) == 3
        for bucket in buckets.values():
            properties = bucket["Properties"]
            assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
            assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
            assert properties["BucketEncryption"]

    def test_what_is_no_evidence_expires(self, synthesized: Synthesized) -> None:
        """What endpoints were asked, trials' tables, batches and outcomes go by prefix; all else stays."""
        found = {
            name.partition("/")[2][:4]: {
                rule.get("Prefix", ""): rule.get("ExpirationInDays")
                for rule in bucket["Properties"]["LifecycleConfiguration"]["Rules"]
            }
            for name, bucket in synthesized.resources("prod", "AWS::S3::Bucket").items()
        }

        assert found["Arti"] == {
            "": None,
            "capture/": 90,
            "trial-tables/": 180,
            "batch/": 90,
            "asynchronous/": 90,
        }
        assert found["Data"] == {"": None, "outcomes/": 365, "outcomes-kept/": 365, "outcomes-refused/": 365}

    def test_ledger_can_be_restored(self, synthesized: Synthesized) -> None:
        """Point-in-time recovery, an own key, and nobody deletes it by mistake."""
        (table,) = synthesized.resources("prod", "AWS::DynamoDB::Table").values()
        properties = table["Properties"]
        assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert properties["SSESpecification"]["SSEType"] == "KMS"
        assert properties["DeletionProtectionEnabled"] is True

    def test_ledger_has_the_contract_s_indexes(self, synthesized: Synthesized) -> None:
        """Indexes, their keys and the attribute that ages are those that the functions read."""
        (table,) = synthesized.resources("prod", "AWS::DynamoDB::Table").values()
        properties = table["Properties"]
        indexes = {
            index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]]
            for index in properties["GlobalSecondaryIndexes"]
        }
        assert indexes == {
            ledger_keys.BY_MODEL: ["model_pk", "model_sk"],
            ledger_keys.BY_MONTH: ["month_pk", "month_sk"],
        }
        assert properties["TimeToLiveSpecification"] == {"AttributeName": ledger_keys.TTL, "Enabled": True}

    def test_data_key_rotates(self, synthesized: Synthesized) -> None:
        """KMS renews the key that encrypts data; HMAC keys can't be rotated."""
        keys = synthesized.resources("prod", "AWS::KMS::Key").values()
        assert [key["Properties"].get("EnableKeyRotation") for key in keys] == [True, None]
