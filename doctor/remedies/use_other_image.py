"""Cure ``use-other-image``."""

from doctor.remedies.cure import ManualCure


class UseOtherImage(ManualCure):
    """Use an image that is made for this modem and this build."""

    id = "use-other-image"
    then = "plan"
    how = (
        "choose an image that fits; FULL-IMAGE.dup stands for it below",
        "a full image works on any build of the same radio; an upgdiff_A-to-B only on exactly build A",
    )
