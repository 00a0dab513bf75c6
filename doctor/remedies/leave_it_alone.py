"""Cure ``leave-it-alone``."""

from __future__ import annotations

from doctor.check import Finding
from doctor.remedies.cure import Cure


class LeaveItAlone(Cure):
    """Let the other fipy-doctor come to its end."""

    id = "leave-it-alone"
    how = ("leave the other fipy-doctor and the power of the board alone until it has ended",)

    def steps(self, finding: Finding) -> tuple[str, ...]:
        """What the finding says, which knows the process."""
        return (finding.next.partition(", then")[0],) if finding.next else self.how
