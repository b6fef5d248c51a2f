"""Files in the data bucket are known by their content, however they were put there."""

from __future__ import annotations

import base64
import hashlib
import uuid
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from slipway.adapters.s3_stored_files import S3StoredFiles

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = b"price\n1\n"
SHA256 = hashlib.sha256(TEXT).hexdigest()


@pytest.fixture(params=["moto", pytest.param("embedded", marks=pytest.mark.embedded)])
def bucket(request: pytest.FixtureRequest) -> Iterator[Any]:
    name = f"files-{uuid.uuid4().hex}"
    if request.param == "embedded":
        client = request.getfixturevalue("embedded_aws").client("s3")
        client.create_bucket(Bucket=name)
        yield client, name
        return
    with mock_aws():
        client = boto3.client(
            "s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.create_bucket(Bucket=name)
        yield client, name


def files(bucket: Any) -> dict[str, Any]:
    client, name = bucket
    return dict(S3StoredFiles(client).files(f"s3://{name}/pricing/rates/1.0.0/files/"))


def put(bucket: Any, path: str, text: bytes, **options: Any) -> None:
    client, name = bucket
    client.put_object(Bucket=name, Key=f"pricing/rates/1.0.0/files/{path}", Body=text, **options)


def test_a_file_with_a_checksum_is_known_by_it(bucket: Any) -> None:
    put(bucket, "sub/a.csv", TEXT, ChecksumSHA256=base64.b64encode(hashlib.sha256(TEXT).digest()).decode())
    assert files(bucket) == {"sub/a.csv": (len(TEXT), SHA256)}


def test_a_file_without_one_is_read(bucket: Any) -> None:
    put(bucket, "a.csv", TEXT)
    put(bucket, "b.csv", TEXT, Metadata={"sha256": "0" * 64})
    assert {file.sha256 for file in files(bucket).values()} == {SHA256}


def test_a_file_sent_in_parts_is_known_by_all_of_its_bytes(bucket: Any) -> None:
    client, name = bucket
    place = {"Bucket": name, "Key": "pricing/rates/1.0.0/files/a.csv"}
    upload = client.create_multipart_upload(**place)["UploadId"]
    tag = client.upload_part(**place, UploadId=upload, PartNumber=1, Body=TEXT)["ETag"]
    parts = {"Parts": [{"ETag": tag, "PartNumber": 1}]}
    client.complete_multipart_upload(**place, UploadId=upload, MultipartUpload=parts)
    assert files(bucket) == {"a.csv": (len(TEXT), SHA256)}


def test_nothing_there_is_nothing(bucket: Any) -> None:
    assert files(bucket) == {}
