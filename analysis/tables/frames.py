"""Frames of pandas, for readers: the library is loaded when the first one is made, which takes longer than a check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def build_frame(rows: Iterable[Sequence[Any] | Mapping[str, Any]], columns: Iterable[str]) -> pd.DataFrame:
    """Return rows, in the order of the columns or by their names, as a frame; without rows the columns are there too."""
    frame: pd.DataFrame = import_module("pandas").DataFrame(list(rows), columns=list(columns))
    return frame
