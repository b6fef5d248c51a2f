"""
Unpacks tar archives that others made, on every Python from 3.11.0.

``tarfile``'s own filters came with 3.11.4; Debian's 3.11 has none.
"""

from __future__ import annotations

import copy
import os
import tarfile
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

_FILTERS: Final = hasattr(tarfile, "data_filter")
_TRUSTED: Final[dict[str, Any]] = {"filter": "fully_trusted"} if _FILTERS else {}
_MODE: Final = 0o755
"""No set-user-id, and nothing that others may write."""


class OutsideError(tarfile.TarError):
    """A member of an archive would be written outside of the directory it is unpacked into."""

    def __init__(self, member: str, target: str) -> None:
        super().__init__(f"archive member {member!r} leads outside of {target}")
        self.member, self.target = member, target


def within(member: tarfile.TarInfo, root: Path) -> tarfile.TarInfo:
    """
    The member as it may be unpacked below ``root``: no leading slash, no dangerous mode.

    Links may lead anywhere: in a root file system absolute ones are ordinary, and who follows them
    does so in that root.

    Raises:
        OutsideError: Its path leaves ``root``, also by way of a link that was unpacked before.
    """
    kept = copy.copy(member)
    kept.name = member.name.lstrip("/")
    base = os.path.realpath(root)
    parent = os.path.realpath(os.path.join(base, os.path.dirname(kept.name)))  # noqa: PTH118, PTH120 - text, as realpath wants it
    if os.path.commonpath([base, parent]) != base or os.path.basename(kept.name) == "..":  # noqa: PTH119 - likewise
        raise OutsideError(member.name, base)
    kept.mode = member.mode & _MODE
    return kept


def extract(archive: tarfile.TarFile, member: tarfile.TarInfo, root: Path, *, set_attrs: bool = True) -> None:
    """Unpack one member that ``within`` let pass."""
    archive.extract(member, root, set_attrs=set_attrs, **_TRUSTED)


def extract_all(archive: tarfile.TarFile, target: Path) -> None:
    """
    Unpack files and directories that stay below ``target``; devices are left out.

    Raises:
        tarfile.TarError: A member, or what a link names, lies outside of ``target``.
    """
    if _FILTERS:
        archive.extractall(target, filter="data")
        return
    for member in archive:
        if member.isdev():
            continue
        if member.issym() or member.islnk():
            _check_link(member, target)
        extract(archive, within(member, target), target)


def _check_link(member: tarfile.TarInfo, target: Path) -> None:
    base = os.path.realpath(target)
    start = "" if member.islnk() else os.path.dirname(member.name)  # noqa: PTH120 - text, as realpath wants it
    leads_to = os.path.realpath(os.path.join(base, start, member.linkname))  # noqa: PTH118 - likewise
    if os.path.commonpath([base, leads_to]) != base:
        raise OutsideError(member.name, base)
