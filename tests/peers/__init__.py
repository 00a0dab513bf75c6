"""Software that others wrote, as a user starts it, against the simulated bench: ``make peers``.

What a real board would refuse, the bench refuses in the same way: such cases are named here, too.
"""
