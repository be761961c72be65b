"""No writable bit without effect: what is described of each field is what the model does, in both directions."""

from __future__ import annotations

import pytest

pytest.importorskip("emberwatch._native", reason="the native module is not built (make setup)")
from audit import Scene, verdicts
from scenes import BLOCKS

from emberwatch.chip import Verdict, load


@pytest.mark.parametrize("name", [block.name for block in load().blocks if not block.private])
def test_every_field_does_what_its_description_says(name: str) -> None:
    found = verdicts(load().block(name), BLOCKS.get(name, (Scene(),)))
    wrong = [
        f"{path}: described as {field.verdict.value}, the model makes it {verdict.value}"
        for path, (verdict, field) in found.items()
        if verdict is not field.verdict
    ]
    assert not wrong, "\n".join(wrong)


def test_the_audit_sees_a_field_without_effect_and_one_with() -> None:
    found = verdicts(load().block("TIMER"), BLOCKS["TIMER"])
    assert found["DBGPAUSE.DBG0"][0] is Verdict.STORED
    assert found["PAUSE.PAUSE"][0] is Verdict.FULL
