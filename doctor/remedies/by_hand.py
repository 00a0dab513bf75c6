"""Cures that users carry out themselves, one row each: what it brings about, and how."""

from __future__ import annotations

from doctor.power_off import UNPLUG
from doctor.remedies.cure import ByHand

BY_HAND = (
    ByHand(
        "better-supply",
        "Give the board a steadier supply",
        (
            "use another USB cable, short and thick, in a port of the PC itself and not in a hub",
            "let the board power nothing else: no displays, no sensors, no battery that is being charged",
        ),
    ),
    ByHand(
        "change-radio",
        "Use an image of the same radio, or agree to the other one",
        ("use an image of the same radio, or add --accept radio-change",),
        says_next=True,
        then="flash",
    ),
    ByHand(
        "close-other-program",
        "Close the program that holds the port",
        (
            "close the serial monitor, editor or terminal that is connected to the board (Pymakr, Thonny, PuTTY, "
            "screen …)",
        ),
    ),
    ByHand(
        "copy-dup",
        "Copy the firmware image to the card's root",
        (
            f"{UNPLUG}, and take the card out",
            "in a card reader, copy the .dup to the top level of the card, into no folder",
            "eject the card before pulling it out, put it back into the board, and plug in again",
        ),
        practice=("--copy-to-card", "FILE.dup"),
    ),
    ByHand(
        "delete-dot-files",
        "Delete the files that macOS left behind",
        ("delete the files whose names start with ._ ; the real file is the one without these two characters",),
    ),
    ByHand(
        "download-raw-scripts",
        "Get the scripts as Python files, or work without them",
        (
            "fipy-doctor does not need the vendor's scripts: the simplest cure is to delete the saved pages",
            "if you still want the scripts, download the whole repository as a zip file and unpack it; "
            "never save the web page of a single file",
        ),
        adds={"scripts": None},
    ),
    ByHand(
        "flash-full-image",
        "Flash a full image: it brings the modem back",
        (
            "do not cut the power of the board before that",
            "take a full image, such as CATM1-41065.dup, not an upgdiff",
        ),
        then="flash",
    ),
    ByHand(
        "free-p2",
        "Let the board start its own firmware",
        (
            "remove the wire or jumper between P2 (G23) and GND, and anything else on P2",
            f"{UNPLUG}, wait 10 s, and plug in again",
        ),
    ),
    ByHand(
        "give-bootrom",
        "Give the boot ROM that replaces the factory one",
        (
            "give the vendor's own sqnsbrz.py or sqnsbr.py: --bootrom sqnsbrz.py",
            "or, with a board whose firmware is 1.18.1 or later, read it from there: --bootrom board",
        ),
        says_next=True,
        adds={"bootrom": "sqnsbrz.py"},
    ),
    ByHand(
        "give-both-files",
        "Give both files of 48829, in their order",
        ("give both files of 48829, the one that ends in -1 first",),
        says_next=True,
        then="flash",
    ),
    ByHand(
        "give-login",
        "Name the board's user and password",
        (
            "find the login that the board was given: Server(login=…) in its boot.py or main.py; usual: micro, python",
            "give it with the address: --port telnet://USER:PASSWORD@HOST; the password alone may be in the "
            "environment, FIPY_DOCTOR_TELNET_PASSWORD",
        ),
    ),
    ByHand(
        "go-without-card",
        "Flash over USB: that needs no card",
        ("leave the card as it is: this computer sends the file",),
        then="flash",
        adds={"via": "usb", "sd": None},
    ),
    ByHand(
        "grant-port-access",
        "Get access to the port",
        (
            "Linux: `sudo usermod -aG dialout $USER` (on Arch the group is uucp); then log out and in again",
            "Windows and macOS: close other programs that use the port",
        ),
    ),
    ByHand(
        "join-wifi",
        "Join the board's Wi-Fi network",
        (
            "connect this computer to the board's own Wi-Fi network, fipy-wlan-xxxx or gpy-wlan-xxxx; its key is "
            "www.pycom.io",
            "in that network the board is telnet://192.168.4.1; any other network gives it another address",
            "if there is no such network, its Wi-Fi is switched off: connect the board by USB",
        ),
    ),
    ByHand(
        "keep-build",
        "Leave the modem as it is, or give this build up for good",
        ("leave the modem as it is: its build has no public package, so there is no way back to it",),
        then="open",
    ),
    ByHand(
        "leave-helper-away",
        "Leave out what does not belong to this step",
        ("leave out updater.elf: a differential image needs none",),
        says_next=True,
        then="flash",
    ),
    ByHand(
        "leave-it-alone",
        "Let the other fipy-doctor finish",
        ("leave the other fipy-doctor and the power of the board alone until it has ended",),
        says_next=True,
    ),
    ByHand(
        "leave-mirror",
        "Leave mirror mode",
        ("press the reset button of the board; do not unplug it: the modem may still be writing",),
        practice=("--hands", "press-reset"),
    ),
    ByHand(
        "leave-via-away",
        "Reach the modem through the board",
        ("leave out --via modem: the modem is reached through the board at this port",),
    ),
    ByHand(
        "name-bare-modem",
        "Say that there is no board",
        (
            "if there is no board between this computer and the modem, say so with --via modem",
            "if there is one, try another USB cable and carrier board: its reset button did not end mirror mode",
        ),
        adds={"via": "modem"},
    ),
    ByHand(
        "plug-in",
        "Plug the board in",
        ("plug the board in with a USB cable that carries data (many carry only power)",),
        then="ports",
        practice=("--hands", "plug-in"),
    ),
    ByHand(
        "hold-safe-boot",
        "If it is a FiPy or GPy after all: hold its Safe Boot button while you press reset",
        (
            "hold the Safe Boot button (P12 to 3V3) while you press reset: the board starts without its programs, and "
            "its prompt answers",
            "leave any other device as it is",
        ),
    ),
    ByHand(
        "plug-in-board",
        "Plug in the FiPy or GPy instead",
        (
            "leave this device as it is: this program does nothing to it",
            "plug in the FiPy or GPy, on its expansion board or shield, with a USB cable that carries data (many carry "
            "only power)",
        ),
        then="ports",
    ),
    ByHand(
        "redownload-firmware",
        "Get the firmware file again, whole",
        (
            "copy the firmware file again from where you got it (a zip package, another PC, a backup) and "
            "compare the size and, if you have it, the SHA-256",
            "run `fipy-doctor check --firmware FILE` before anything else",
        ),
    ),
    ByHand(
        "rename-dup",
        "Give the firmware file its real name",
        (
            "in a card reader, let the system show file name extensions, and rename the file so that its name "
            "ends in .dup and nothing after that",
            "eject the card before pulling it out",
        ),
    ),
    ByHand(
        "renew-boot-loader",
        "Renew the factory's boot loader first, or agree to continue with an old one",
        ("renew copy 0 of the boot loader with --bootrom, or add --accept old-boot-loader",),
        says_next=True,
        then="flash",
    ),
    ByHand(
        "reseat-card",
        "Take the card out of the board and put it in again",
        (
            f"{UNPLUG}",
            "take the card out, wipe its contacts with a dry cloth, push it in until it clicks",
            "plug in again; if it fails again, try another card of 32 GB or less",
        ),
        practice=("--hands", "reseat-card"),
    ),
    ByHand(
        "start-server",
        "Start the server that offers the port",
        ("start the server (`fipy-doctor sim --listen`, ser2net, …) and check host and port",),
        says_next=True,
    ),
    ByHand(
        "stop-modemmanager",
        "Stop ModemManager while you work on the board",
        (
            "`sudo systemctl stop ModemManager`",
            "afterwards: `sudo systemctl start ModemManager`",
        ),
    ),
    ByHand(
        "tell-build",
        "Say which build the modem runs",
        ("if you know the build, for instance from an earlier log, add --was BUILD",),
        adds={"was": "BUILD"},
    ),
    ByHand(
        "unzip-firmware",
        "Unpack the firmware package",
        (
            "unpack the archive; the firmware image is the file inside that ends in .dup",
            "run `fipy-doctor check --firmware FILE.dup` with that file",
        ),
    ),
    ByHand(
        "update-board-firmware",
        "Update the firmware of the board itself",
        ("update the board's MicroPython with the vendor's updater to a release of 1.18.1 or later that has LTE",),
        optional=True,
    ),
    ByHand(
        "use-makers-tool",
        "Use the maker's own tool once",
        ("bring the modem to 8.0.4.0 or later with its maker's own tool; this program cannot do that step",),
        then="open",
    ),
    ByHand(
        "use-simulator",
        "Practise on a simulated modem",
        ("a practice image goes to a simulated modem only: --port sim://fipy",),
        says_next=True,
        then="flash",
    ),
    ByHand(
        "wait-for-modem",
        "Leave the modem alone until it has finished",
        (
            "do not unplug and do not reset; deploying an upgrade takes up to 30 minutes",
            "`fipy-doctor status` shows at any time how far it is; look again when it is done",
        ),
    ),
)
