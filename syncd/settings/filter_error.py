"""What is wrong with a filter, and where."""

from __future__ import annotations


class FilterError(ValueError):
    """A filter, or a part of it, is not understood. `at` counts characters from 0."""

    def __init__(self, at: int, what: str, suggestion: str | None = None) -> None:
        self.at = max(at, 0)
        self.what = what
        self.suggestion = suggestion
        super().__init__(f"at character {self.at + 1}: {what}")


class Positions:
    """Where in the text the leaves of a tree stand. By identity: equal leaves may repeat."""

    def __init__(self) -> None:
        self._at: dict[int, tuple[object, int]] = {}  # holds each leaf, so that no id is reused

    def note(self, leaf: object, at: int) -> None:
        """Remember that `leaf` stands at `at`."""
        self._at[id(leaf)] = (leaf, at)

    def of(self, node: object) -> int:
        """Where a node begins; 0 when nothing of it is known."""
        return min(self._known(node), default=0)

    def _known(self, node: object) -> list[int]:
        if id(node) in self._at:
            return [self._at[id(node)][1]]
        inner = node if isinstance(node, list) else list(getattr(node, "__dict__", {}).values())
        return [at for each in inner for at in self._known(each)]
