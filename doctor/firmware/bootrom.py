"""Boot ROM packages that are known by hash (reference/modem-protocol.md 6.5)."""

from __future__ import annotations

#: SHA-256 of the packages inside the public sqnsbr.py and sqnsbrz.py -> build.
BUILD_OF_SHA256 = {
    "1d65d554d15d8a22f256c1292849a565b9ad8984b4647b2568c804249a616e69": 38638,
    "25820da8fc11593f37b0f4778e4c6cd288caf7db0a53441368342baa2be6062d": 39529,
    "a888e46c70d81d6fefaf6edb1f6fa6c17a7be8534bd9f20959defd07d38d6bf1": 41065,
}
