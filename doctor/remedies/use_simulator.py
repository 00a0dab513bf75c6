"""Cure ``use-simulator``."""

from __future__ import annotations

from doctor.check import Finding
from doctor.remedies.cure import ManualCure


class UseSimulator(ManualCure):
    """Practise on a simulated modem."""

    id = "use-simulator"
    then = "flash"
    how = ("a practice image goes to a simulated modem only: --port sim://fipy",)

    def steps(self, finding: Finding) -> tuple[str, ...]:
        """What the finding says, in its own names."""
        said = finding.evidence.get("next")
        return (said,) if isinstance(said, str) else self.how
