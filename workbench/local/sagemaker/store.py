"""What SageMaker keeps: documents by kind, scope and name; a change is on disk before it is answered."""

from __future__ import annotations

import json
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

from workbench.local import seams

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Document = dict[str, Any]
Scope = tuple[str, str]


def current_scope() -> Scope:
    """Account and region of the request, or of the thread that works for one."""
    return seams.RESPONSES.get_account_id(), seams.RESPONSES.get_region()


class Store:
    """One SQLite file, read whole at opening, written through at each change."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS documents (kind TEXT, account TEXT, region TEXT, name TEXT,"
            " document TEXT, PRIMARY KEY (kind, account, region, name))"
        )
        self._documents: dict[str, dict[tuple[str, str, str], Document]] = {}
        for kind, account, region, name, document in self._connection.execute("SELECT * FROM documents"):
            self._documents.setdefault(kind, {})[account, region, name] = json.loads(document)

    def records(self, kind: str) -> Records:
        """The documents of one kind."""
        return Records(self, kind, self._documents.setdefault(kind, {}))

    def write(self, kind: str, key: tuple[str, str, str], document: Document | None) -> None:
        """Put one change on disk; None removes."""
        if document is None:
            self._connection.execute(
                "DELETE FROM documents WHERE kind=? AND account=? AND region=? AND name=?", (kind, *key)
            )
        else:
            self._connection.execute(
                "INSERT OR REPLACE INTO documents VALUES (?,?,?,?,?)", (kind, *key, json.dumps(document))
            )

    def clear(self) -> None:
        """Forget everything."""
        with self.lock:
            self._connection.execute("DELETE FROM documents")
            for documents in self._documents.values():
                documents.clear()

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self._connection.close()


class Records:
    """Documents of one kind in the scope of the request; a document that was given out is never changed."""

    def __init__(self, store: Store, kind: str, documents: dict[tuple[str, str, str], Document]) -> None:
        self._store, self._kind, self._documents = store, kind, documents

    def get(self, name: str) -> Document | None:
        """The document, which is not to be changed."""
        return self._documents.get((*current_scope(), name))

    def all(self) -> list[Document]:
        """Every document of the scope, in the order in which they were made."""
        scope = current_scope()
        return [document for key, document in list(self._documents.items()) if key[:2] == scope]

    def put(self, name: str, document: Document) -> Document:
        """Store it whole."""
        key = (*current_scope(), name)
        with self._store.lock:
            self._store.write(self._kind, key, document)
            self._documents[key] = document
        return document

    def add(self, name: str, document: Document) -> bool:
        """Store it unless the name is taken; whether it was stored."""
        with self._store.lock:
            if self.get(name) is not None:
                return False
            self.put(name, document)
            return True

    def update(self, name: str, **changes: Any) -> Document | None:
        """Set members (None takes one away); the new document, or None when there is none of that name."""
        with self._store.lock:
            before = self.get(name)
            if before is None:
                return None
            after = {key: value for key, value in (before | changes).items() if value is not None}
            return self.put(name, after)

    def remove(self, name: str) -> Document | None:
        """Take it away; what it was."""
        key = (*current_scope(), name)
        with self._store.lock:
            if key not in self._documents:
                return None
            self._store.write(self._kind, key, None)
            return self._documents.pop(key)

    def everywhere(self) -> Iterator[tuple[Scope, str, Document]]:
        """Every document of every scope: ``((account, region), name, document)``."""
        for (account, region, name), document in list(self._documents.items()):
            yield (account, region), name, document
