"""The computer's own supply: a laptop that falls asleep on an empty battery interrupts a flash."""

from __future__ import annotations

from dataclasses import dataclass

from doctor.errors import DoctorError

LEAST_PERCENT = 20  #: below this a laptop must be plugged in first


@dataclass(frozen=True)
class Battery:
    """The state of this computer's battery."""

    percent: float
    plugged: bool


def battery() -> Battery | None:
    """This computer's battery; None if it has none, or does not say."""
    import psutil

    try:
        found = psutil.sensors_battery()
    except (AttributeError, NotImplementedError, OSError, RuntimeError, psutil.Error):
        return None
    if found is None or found.percent is None:
        return None
    return Battery(float(found.percent), found.power_plugged is not False)


def refuse_low(now: Battery | None) -> None:
    """Raises DoctorError if this computer runs on a battery that may not last."""
    if now is None or now.plugged or now.percent >= LEAST_PERCENT:
        return
    raise DoctorError(
        "laptop-battery-low",
        f"this computer runs on its battery, at {now.percent:.0f} %; nothing was sent to the modem",
        cause="a flash takes up to half an hour, and a computer that falls asleep during it can brick the modem",
        next="plug in the charger, then run the same command again",
    )
