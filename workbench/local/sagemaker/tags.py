"""Tags of every resource: AddTags, ListTags, DeleteTags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from workbench.local.sagemaker.errors import invalid

if TYPE_CHECKING:
    from workbench.local.sagemaker.store import Document, Store
    from workbench.local.sagemaker.surroundings import Caller

MOST: Final = 50
_PAGE: Final = 50


class Tags:
    """Kept by ARN, beside the resources."""

    def __init__(self, store: Store) -> None:
        self._records = store.records("tags")

    def put(self, arn: str, tags: list[Document]) -> list[Document]:
        """Add to what the resource has; a key that is there gets the new value."""
        before = {tag["Key"]: tag["Value"] for tag in self.of(arn)}
        after = before | {tag["Key"]: tag["Value"] for tag in tags}
        if len(after) > MOST:
            raise invalid(f"Too many tags: {arn} would have {len(after)}, at most {MOST} are allowed")
        for key in after:
            if key.lower().startswith("aws:"):
                raise invalid(f"Tag keys starting with 'aws:' are reserved: {key}")
        document = [{"Key": key, "Value": value} for key, value in after.items()]
        if document:
            self._records.put(arn, {"tags": document})
        return document

    def of(self, arn: str) -> list[Document]:
        """All tags of a resource."""
        tags: list[Document] = (self._records.get(arn) or {"tags": []})["tags"]
        return tags

    def forget(self, arn: str) -> None:
        """The resource is gone."""
        self._records.remove(arn)

    def add_tags(self, request: Document, _caller: Caller) -> Document:
        return {"Tags": self.put(request["ResourceArn"], request["Tags"])}

    def list_tags(self, request: Document, _caller: Caller) -> Document:
        tags = self.of(request["ResourceArn"])
        start = int(request.get("NextToken", "0") or 0)
        end = start + int(request.get("MaxResults", _PAGE))
        return {"Tags": tags[start:end]} | ({"NextToken": str(end)} if end < len(tags) else {})

    def delete_tags(self, request: Document, _caller: Caller) -> Document:
        arn, gone = request["ResourceArn"], set(request["TagKeys"])
        self._records.put(arn, {"tags": [tag for tag in self.of(arn) if tag["Key"] not in gone]})
        return {}
