"""Cure ``use-other-image``."""

from __future__ import annotations

from doctor.check import Finding
from doctor.remedies.cure import Cure
from doctor.updater.shapes import FULL_IMAGE


class UseOtherImage(Cure):
    """Use an image that is made for this modem and this build."""

    id = "use-other-image"
    then = "plan"
    how = (
        "choose an image that fits, and put it into this folder; the plan looks for it",
        "an upgdiff_A-to-B fits only build A; a full image fits other builds of the same radio; the plan says what "
        "else it needs on an old boot loader",
    )

    def steps(self, finding: Finding) -> tuple[str, ...]:
        """What the finding says, and who looks for a file that is not at hand."""
        if not finding.next:
            return self.how
        looks = finding.change is not None and FULL_IMAGE in finding.change.files
        return (
            (finding.next, "if that file is not in this folder, put it there; the plan looks for it")
            if looks
            else (finding.next,)
        )
