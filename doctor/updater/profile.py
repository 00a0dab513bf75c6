"""What differs between the two modems that the core can flash (modem-protocol.md 1, 4.4, 5.2, 5.4)."""

SQN3330_FAMILY = "SQN3330"
MONARCH2_FAMILY = "MONARCH2"

#: Speed of the boot ROM after power-on.
FFH_BAUD = 115200
#: Payload of one STP block in bytes: 2048 less 32, the limit of the modem's serial hardware (modem-protocol.md 4.4).
BLOCK_MAX_BYTES = 2016
#: Longest block of any master in the field, to a Monarch 2: max transfer 8192 less the header (modem-protocol.md 4.4).
BLOCK_LONGEST_BYTES = 8176
#: Below this many bytes a refused block is not halved any more; every master in the field sends at least this much.
BLOCK_MIN_BYTES = 512
#: Largest file in bytes that the modem can keep before it deploys it (modem-protocol.md 5.2).
STORE_LIMIT_BYTES = 4194304


class Profile(object):
    """One kind of modem.

    name         for people
    family       "SQN3330" or "MONARCH2"
    app_baud     speed of application and recovery
    sends_cfun5  True if manufacturing mode (CFUN=5) precedes the switch to recovery
    block_bytes  longest block that any tool in the field sends it (modem-protocol.md 4.4)
    """

    def __init__(self, name, family, app_baud, sends_cfun5, block_bytes):
        # type: (str, str, int, bool, int) -> None
        self.name = name
        self.family = family
        self.app_baud = app_baud
        self.sends_cfun5 = sends_cfun5
        self.block_bytes = block_bytes
        #: Speeds at which a modem of this kind is looked for. A bare one in its updater does not say its kind, and
        #: a Monarch 2 can be told another speed: both are tried for both.
        self.bauds = (app_baud, FFH_BAUD if app_baud != FFH_BAUD else 921600)


SQN3330 = Profile("Sequans Monarch SQN3330", SQN3330_FAMILY, 921600, False, BLOCK_MAX_BYTES)
MONARCH2 = Profile("Sequans Monarch 2 (GM02S)", MONARCH2_FAMILY, FFH_BAUD, True, BLOCK_LONGEST_BYTES)


def by_family(family):
    # type: (str) -> Profile
    """The profile of a family; anything unknown is taken for the modem of FiPy and GPy."""
    return MONARCH2 if family == MONARCH2_FAMILY else SQN3330
