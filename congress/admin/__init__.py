"""The admin of the congress itself; apps build theirs on `EditionScopedAdmin`."""

from congress.admin import access, editions, letters, people  # noqa: F401  # they register themselves
from congress.admin.scope import (
    EditionScopedAdmin,
    HistoryAdmin,
    ReadOnly,
    ReadOnlyInline,
    ScopedInline,
    ScopedRelatedFilter,
    SharedAdmin,
    decision,
    link_to,
)

__all__ = [
    "EditionScopedAdmin",
    "HistoryAdmin",
    "ReadOnly",
    "ReadOnlyInline",
    "ScopedInline",
    "ScopedRelatedFilter",
    "SharedAdmin",
    "decision",
    "link_to",
]
