"""Cure ``join-wifi``."""

from doctor.remedies.cure import ManualCure


class JoinWifi(ManualCure):
    """Join the board's Wi-Fi net."""

    id = "join-wifi"
    how = (
        "let this computer join the board's own Wi-Fi net, fipy-wlan-xxxx or gpy-wlan-xxxx; its key is www.pycom.io",
        "in that net the board is telnet://192.168.4.1; in another one it has the address that this net gave it",
        "if there is no such net: its Wi-Fi is switched off, so connect the board by USB",
    )
