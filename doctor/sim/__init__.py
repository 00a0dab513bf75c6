"""What answers behind ``sim://``: a board, its modem and its card, in virtual time.

Written from the protocol reference and never from the updater core, which it must be able to contradict:
nothing in here imports ``doctor.updater``.
"""
