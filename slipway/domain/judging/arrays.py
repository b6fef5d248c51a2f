"""Names for the arrays that travel through judging."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Places: TypeAlias = NDArray[np.intp]
    Codes: TypeAlias = NDArray[np.int64]
    Texts: TypeAlias = NDArray[np.bytes_]
    Mask: TypeAlias = NDArray[np.bool_]
    Counts: TypeAlias = NDArray[Any]
    """How often each row was drawn, shape ``(resamples, rows)``, of a type of whole numbers."""
