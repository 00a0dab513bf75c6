"""CRC-16/XMODEM, the checksum of STP frames (modem-protocol.md 4.1)."""

import binascii


def _make_table():
    # type: () -> list[int]
    table = []
    for byte in range(256):
        crc = byte << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x1021) & 0xFFFF if crc & 0x8000 else (crc << 1) & 0xFFFF
        table.append(crc)
    return table


_TABLE = _make_table()
#: MicroPython's binascii has no crc_hqx; if it exists it is a hundred times faster.
_crc_hqx = getattr(binascii, "crc_hqx", None)


def crc16_by_table(data):
    # type: (bytes) -> int
    """The same as ``crc16`` in plain Python, for interpreters without ``crc_hqx``."""
    crc = 0
    table = _TABLE
    for byte in data:
        crc = ((crc << 8) & 0xFFFF) ^ table[(crc >> 8) ^ byte]
    return crc


def crc16(data):
    # type: (bytes) -> int
    """CRC of ``data``: polynomial 0x1021, start 0, no reflection; ``crc16(b"123456789") == 0x31C3``."""
    if _crc_hqx is None:
        return crc16_by_table(data)
    return int(_crc_hqx(data, 0))
