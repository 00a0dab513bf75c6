"""Cure ``renew-boot-loader``."""

from __future__ import annotations

from doctor.check import Finding
from doctor.remedies.cure import ManualCure


class RenewBootLoader(ManualCure):
    """Renew the factory's boot loader first, or agree to go on with an old one."""

    id = "renew-boot-loader"
    then = "flash"
    how = ("renew copy 0 of the boot loader with --bootrom, or add --accept old-boot-loader",)

    def steps(self, finding: Finding) -> tuple[str, ...]:
        """What the finding says, in its own names."""
        said = finding.evidence.get("next")
        return (said,) if isinstance(said, str) else self.how
