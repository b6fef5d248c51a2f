from __future__ import annotations

from pathlib import Path

import pytest

from slipway.contracts import ledger, ledger_keys

DOCUMENT = Path("docs/ledger.md").read_text()

KEYS = [
    ledger_keys.release_key("<id>"),
    ledger_keys.approval_key("<id>"),
    ledger_keys.push_key("<repository>", "<tag>", "<digest>"),
    ledger_keys.version_key("<project>", "<model>", "<version>"),
    ledger_keys.alias_key("<project>", "<model>", "<alias>"),
    ledger_keys.alias_history_key("<project>", "<model>", "<alias>", "<moved at>"),
    ledger_keys.promotion_key("<project>", "<model>", "<execution>"),
    ledger_keys.lease_key("<endpoint>"),
]


class TestLedgerKeys:
    @pytest.mark.parametrize("key", KEYS, ids=lambda key: key["sk"])
    def test_documented(self, key: dict[str, str]) -> None:
        """docs/ledger.md shows every item with the keys that the code builds."""
        assert f"| `{key['pk']}` | `{key['sk']}` |" in DOCUMENT

    def test_no_two_items_share_a_key(self) -> None:
        """Each kind of item has a place of its own."""
        assert len({(key["pk"], key["sk"]) for key in KEYS}) == len(KEYS)

    @pytest.mark.parametrize("index", [ledger_keys.BY_MODEL, ledger_keys.BY_MONTH])
    def test_indexes_are_documented(self, index: str) -> None:
        """docs/ledger.md names both indexes."""
        assert f"| `{index}` |" in DOCUMENT

    def test_lists_leave_the_plan_out(self) -> None:
        """An index holds what lists show: the plan is 95 % of the item."""
        assert "plan" not in ledger.LISTED
        assert "manifest" not in ledger.LISTED
        assert "facts" not in ledger.LISTED
