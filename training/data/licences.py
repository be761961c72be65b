"""Which recordings a model that is shipped may learn from: those whose licence allows commercial use and derived works.

A licence column is free text, often with the licence of the clip and of its compilation. Every part must be one of the
licences known to allow both; what asks for share-alike, forbids commerce or derived works, is no licence
("royalty-free", unknown) or carries a footnote is for evaluation only. A filter, not legal advice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from emberwatch.training.data.clips import Clip

_ALLOWED = re.compile(
    r"cc0|creativecommons\.org/publicdomain/zero|wiki/public_domain|public domain|creativecommons\.org/licenses/by/\d|"
    r"\bcc[- ]by(?![- ]?(nc|nd|sa))\b|\bmit\b|apache-2\.0|bsd-[23]-clause",
    re.IGNORECASE,
)
_FORBIDDEN = re.compile(
    r"non-?commercial|\bby-?(nc|nd|sa)|[- ](nc|nd|sa)\b|gpl|share-?alike|royalty|unknown|all rights|sampling|\*\*",
    re.IGNORECASE,
)


def may_train(licence: str) -> bool:
    """Whether weights learned from a recording with this licence text may be shipped and sold."""
    return bool(_ALLOWED.search(licence)) and not _FORBIDDEN.search(licence)


def trainable(clips: Iterable[Clip]) -> list[Clip]:
    """Those of the clips that a shipped model may learn from."""
    return [clip for clip in clips if may_train(clip.licence)]


def source_of(clip: Clip) -> str:
    """Where a clip is from, for the model card: its manifest's source up to the path within it, or its folder."""
    return re.split(r"[@:](?=[^/])(?!//)", clip.source.replace("github:", "github.com/"), maxsplit=1)[0] or clip.group
