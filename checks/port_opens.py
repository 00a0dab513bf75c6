"""Check ``port-opens``."""

from __future__ import annotations

from collections.abc import Iterable

from doctor.bench import Bench, Needs
from doctor.check import Check, EvidenceValue, Finding, Grade, Remedy
from doctor.computer import is_linux
from doctor.errors import LinkError
from doctor.link.holders import modemmanager_running

_CURES = {
    "port-not-found": ("plug-in",),
    "wsl-no-serial": ("plug-in",),
    "shield-in-dfu-mode": ("plug-in",),
    "wrong-serial-port-chosen": ("plug-in",),
    "port-permission-denied": ("grant-port-access",),
    "port-busy": ("close-other-program",),
    "flash-under-way": ("leave-it-alone",),
    "board-not-on-wifi": ("join-wifi",),
    "wifi-connection-lost": ("join-wifi",),
    "telnet-login-refused": ("give-login",),
    "modemmanager-grabs-port": ("stop-modemmanager", "close-other-program"),
}


#: The same at an address of the network.
_CURES_SERVED = {"port-not-found": ("start-server",), "port-opens": ("ignore-set-control",)}


def _modemmanager_runs() -> bool:
    return is_linux() and modemmanager_running()


class PortOpens(Check):
    """The port exists, opens for us alone, and nothing else meddles with it.

    Why: everything else goes through this port; a second program on it takes half of the bytes, and ModemManager
    sends AT commands into a flash. A board on Wi-Fi (telnet://) serves one program, which must log in.
    Looks at: opens the port (RTS and DTR asserted beforehand, no flow control) and keeps it open. Looks for who holds
    it if it is busy, at the rights of the device if they forbid it, for a running ModemManager, and for the latency
    timer of an FTDI chip. Sends nothing.
    Cures: plug-in, start-server, ignore-set-control, leave-it-alone, grant-port-access, close-other-program,
    stop-modemmanager, join-wifi, give-login.
    """

    id = "port-opens"
    needs = (Needs.PORT,)
    deadline_s = 15.0
    gates = True
    finds = (*_CURES, "port-number-changes-on-replug", "mirror-terminal-still-open")

    def look(self, bench: Bench) -> Finding:
        """Open the port; a LinkError tells what is in the way."""
        try:
            link = bench.link
        except LinkError as err:
            url = bench.options.url
            served = bench.known("port_is_served", bool, lambda: url is not None and url.has_address, default=False)
            usual = _CURES.get(err.id, ("plug-in",))
            return self._closed(err, _CURES_SERVED.get(err.id, usual) if served else usual)
        device = link.url.device
        evidence: dict[str, EvidenceValue] = {
            "port": link.name,
            "baud": link.baud,
            "modem_lines": link.has_modem_lines,
        }
        if link.notes:
            evidence["notes"] = "; ".join(link.notes)
        known = link.listed if device else None
        if known is not None and known.carrier is not None:
            evidence["carrier"] = f"perhaps {known.carrier}" if known.ambiguous else known.carrier
        if device and bench.known("low_latency", bool, lambda: link.is_low_latency, default=False):
            evidence["low_latency"] = True
        if bench.latency_ms:
            evidence["latency_timer_ms"] = bench.latency_ms
        if device and bench.known("modemmanager_runs", bool, _modemmanager_runs, default=False):
            return self.warn(
                f"{link.name} opens, but ModemManager is running: it sends AT commands to new ports",
                catalogue="modemmanager-grabs-port",
                evidence=evidence,
                cause="desktop Linux runs it by default; in mirror mode its commands would reach the modem",
                remedies=(Remedy("stop-modemmanager", Grade.MANUAL),),
            )
        return self.passed(f"{link.name} opens", evidence=evidence)

    def _closed(self, err: LinkError, cures: Iterable[str]) -> Finding:
        return self.fail(
            str(err),
            catalogue=err.id if err.id in self.finds else None,
            next=err.next,
            cause=err.cause,
            remedies=tuple(Remedy(cure, Grade.MANUAL) for cure in cures),
        )
