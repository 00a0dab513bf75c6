"""Cure ``give-login``."""

from doctor.remedies.cure import ManualCure


class GiveLogin(ManualCure):
    """Name the board's user and password."""

    id = "give-login"
    how = (
        "find the login that the board was given: Server(login=…) in its boot.py or main.py; usual: micro, python",
        "give it with the address: --port telnet://USER:PASSWORD@HOST; the password alone may be in the environment,"
        " FIPY_DOCTOR_TELNET_PASSWORD",
    )
