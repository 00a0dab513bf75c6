"""A firmware image (.dup) examined: what it is, what it promises, and whether it is whole."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from doctor.firmware import caba, clear_text, innards, sizes
from doctor.firmware.bootrom import BUILD_OF_SHA256
from doctor.firmware.caba import Container
from doctor.firmware.clear_text import PracticeText
from doctor.firmware.content import Content, sniff
from doctor.firmware.names import CATM1, NB1, FirmwareName, parse_name
from doctor.firmware.problems import Problem, Verdict
from doctor.firmware.reading import MAX_BYTES, read_whole
from doctor.firmware.wrong_file import wrong_content, wrong_name
from doctor.updater.shapes import BETWEEN_BUILD, PAIR

__all__ = ["Container", "FirmwareImage", "Problem", "Verdict", "examine", "examine_bytes"]

#: Partition id of the modem's main firmware in an upgrade package (modem-protocol.md 6.2).
MAIN_PARTITION = 2
#: Smallest file of unknown format that may be firmware: half of the smallest known image (416 448 bytes).
UNKNOWN_MIN_BYTES = 200_000
_CUT = "firmware-file-truncated"


@dataclass(frozen=True)
class FirmwareImage:
    """One firmware file, examined.

    path              where it lies
    size_bytes        all of it
    sha256            of all of it, lower-case hex
    name              what the file name says
    kind              full, diff, pair-1, pair-2, updater-elf, bootrom, practice or unknown
    family            modem family: SQN3330, MONARCH2, practice or unknown; content before name
    verdict           verified, damaged or unverifiable
    problems          what is wrong, worst first; those with damages=False are worth a warning only
    containers        what the file is made of, outer before inner
    promised_build    build that the modem runs afterwards; content before name
    promised_release  such as LR8.0.5.13-59577, empty if neither content nor name says it
    radio             "CATM1", "NB1" or None (other families)
    base              build that a differential image starts from, None for others
    part              1 or 2 for the files of a pair, else 0; content before name
    from_content      True if build and release were read from the content
    size_known        True if public logs give the size for a file of this name
    """

    path: Path
    size_bytes: int
    sha256: str
    name: FirmwareName
    kind: str
    family: str
    verdict: Verdict
    problems: tuple[Problem, ...]
    containers: tuple[Container, ...]
    promised_build: int | None
    promised_release: str = ""
    radio: str | None = None
    base: int | None = None
    part: int = 0
    from_content: bool = False
    size_known: bool = False

    @property
    def damage(self) -> tuple[Problem, ...]:
        """The problems that make it damaged."""
        return tuple(problem for problem in self.problems if problem.damages)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The problems that do not."""
        return tuple(problem for problem in self.problems if not problem.damages)

    @property
    def checksums_agreeing(self) -> int:
        """How many containers have a checksum of their own that agrees."""
        return sum(container.checked for container in self.containers)


def examine(path: Path) -> FirmwareImage:
    """Examine the firmware image at ``path``; it is read once, whole and bounded.

    Raises UsageError if there is no such file, FirmwareError if it cannot be read.
    """
    return examine_bytes(read_whole(path, id="firmware-is-whole", what="firmware image"), path)


def examine_bytes(data: bytes, path: Path) -> FirmwareImage:
    """Examine ``data`` as the content of a file at ``path``; only its name is used."""
    name = parse_name(path.name)
    sha256 = hashlib.sha256(data).hexdigest()
    seen = _look(data, name)
    promise = _promise(data, name, seen, sha256)
    problems = list(seen.problems)
    problems += [problem for problem in (wrong_name(name.text), _size_problem(name, len(data), seen)) if problem]
    problems += _contradictions(name, seen, promise)
    problems.sort(key=lambda problem: not problem.damages)
    verdict = seen.verdict
    if any(problem.damages for problem in problems):
        verdict = Verdict.DAMAGED
    return FirmwareImage(
        path=path,
        size_bytes=len(data),
        sha256=sha256,
        name=name,
        kind=seen.kind,
        family=promise.family,
        verdict=verdict,
        problems=tuple(problems),
        containers=seen.containers,
        promised_build=promise.build,
        promised_release=promise.release,
        radio=promise.radio,
        base=promise.base if seen.kind in ("diff", "practice") else None,
        part=seen.practice.part if seen.practice is not None else PAIR.index(seen.kind) + 1 if seen.kind in PAIR else 0,
        from_content=promise.from_content,
        size_known=sizes.known_size(name) is not None,
    )


@dataclass(frozen=True)
class _Seen:
    """What the content alone shows."""

    kind: str
    verdict: Verdict
    problems: tuple[Problem, ...] = ()
    containers: tuple[Container, ...] = ()
    practice: PracticeText | None = None
    unknown_format: bool = False


@dataclass(frozen=True)
class _Promise:
    """What the modem will be afterwards, by content if it says so, else by name."""

    build: int | None
    release: str
    radio: str | None
    base: int | None
    family: str
    from_content: bool
    content_family: str = "unknown"


def _look(data: bytes, name: FirmwareName) -> _Seen:
    if len(data) > MAX_BYTES:
        text = f"has more than {MAX_BYTES >> 20} MiB, far more than any image of this modem"
        return _Seen("unknown", Verdict.DAMAGED, (Problem("error-page-saved-as-dup", text),))
    content = sniff(data)
    if content is Content.ELF:
        text = "is an ELF program (an updater image), not firmware: the two files were swapped"
        return _Seen("updater-elf", Verdict.DAMAGED, (Problem("files-swapped", text),))
    wrong = wrong_content(content, data)
    if wrong is not None:
        return _Seen("unknown", Verdict.DAMAGED, (wrong,))
    if data.startswith(innards.IMAGE_MAGIC):
        return _look_at_bare_image(data, name)
    return _look_at_containers(data, name)


def _look_at_bare_image(data: bytes, name: FirmwareName) -> _Seen:
    """An FFF! image in no container, as the scripts of 2018 knew it (probe F1)."""
    problems, verified = innards.image(memoryview(data), 0)
    container = Container("FFF!", 0, len(data), "", -1, verified, version=0)
    verdict = Verdict.VERIFIED if verified else Verdict.UNVERIFIABLE
    return _Seen(_kind_by_name(name, "unknown"), verdict, tuple(problems), (container,))


def _look_at_containers(data: bytes, name: FirmwareName) -> _Seen:
    walked = caba.walk(data)
    if not walked.containers and not walked.problems:
        return _Seen(_kind_by_name(name, "unknown"), Verdict.UNVERIFIABLE, unknown_format=True)
    if any(container.magic == "PRAC" for container in walked.containers) or data.startswith(caba.PRACTICE):
        return _look_at_practice(data, walked)
    top = [container for container in walked.containers if container.depth == 0]
    known = all(container.magic.encode() in caba.KNOWN_MAGICS for container in top)
    verified = bool(top) and known and all(container.checked for container in top)
    return _Seen(
        "practice" if name.practice else _kind(data, name, walked.containers),
        Verdict.VERIFIED if verified else Verdict.UNVERIFIABLE,
        walked.problems,
        walked.containers,
    )


def _look_at_practice(data: bytes, walked: caba.Walk) -> _Seen:
    problems = list(walked.problems)
    text = None
    if not problems:
        only = walked.containers[0]
        text = clear_text.practice(data[only.data_offset : only.data_offset + only.data_size])
        if len(walked.containers) != 1 or not only.checked or only.signature_type != caba.Signature.ZCRC32:
            problems.append(Problem(_CUT, "is not a practice image as our simulator makes them: wrong container"))
        elif text is None or not text.build:
            problems.append(Problem(_CUT, "is a practice image without the lines that say what it is"))
    kind = "bootrom" if text is not None and text.kind == "bootrom" else "practice"
    return _Seen(kind, Verdict.VERIFIED, tuple(problems), walked.containers, text)


def _kind(data: bytes, name: FirmwareName, containers: tuple[Container, ...]) -> str:
    if any(container.magic == "DIFF" for container in containers):
        return "diff"
    upgrades = [container for container in containers if container.magic == "UPGR"]
    boots = [c for c in upgrades if data[c.data_offset : c.data_offset + 4] == innards.BOOT_MAGIC]
    if len(containers) == len(boots) == 1:
        return "bootrom"
    holds_main = any(container.partition == MAIN_PARTITION for container in upgrades)
    return _kind_by_name(name, "full" if holds_main else "unknown")


def _kind_by_name(name: FirmwareName, otherwise: str) -> str:
    if name.practice:
        return "practice"
    if name.differential:
        return "diff"
    if name.part is not None:
        return f"pair-{name.part}"
    return "full" if name.build is not None else otherwise


def _promise(data: bytes, name: FirmwareName, seen: _Seen, sha256: str) -> _Promise:
    if seen.practice is not None:
        text = seen.practice
        return _Promise(
            text.build or None, text.version, text.radio or None, text.base or None, "practice", from_content=True
        )
    content_family = clear_text.family(data) if seen.containers or seen.unknown_format else "unknown"
    family = content_family if content_family != "unknown" else name.family
    if seen.kind == "practice":
        family = "practice"
    said = _version_inside(data, seen)
    known_boot = BUILD_OF_SHA256.get(sha256)
    if said is None:
        build = known_boot or name.build
        return _Promise(build, name.release, name.radio, name.base, family, known_boot is not None, content_family)
    return _Promise(said.build, said.release, _radio(said, name, family), name.base, family, True, content_family)


def _version_inside(data: bytes, seen: _Seen) -> clear_text.Version | None:
    """The version of the main firmware; boot loader and updater inside may have others. Damage makes it worthless."""
    if any(problem.damages for problem in seen.problems) or not seen.containers:
        return None
    main = [c for c in seen.containers if c.partition == MAIN_PARTITION or c.magic == "SFFF"]
    parts = main or [c for c in seen.containers if c.depth == 0]
    found = {clear_text.version(data[c.data_offset : c.data_offset + c.data_size]) for c in parts}
    return found.pop() if len(found) == 1 else None


def _radio(said: clear_text.Version, name: FirmwareName, family: str) -> str | None:
    """Release 5 is Cat-M1, release 6 is NB-IoT; a Monarch 2 does both (modem-protocol.md 7)."""
    if family == "MONARCH2":
        return None
    return {"5": CATM1, "6": NB1}.get(said.number.split(".")[0], name.radio)


def _size_problem(name: FirmwareName, size_bytes: int, seen: _Seen) -> Problem | None:
    """Size against public logs; the only measure there is for a format that nobody knows."""
    if any(problem.damages for problem in seen.problems):
        return None
    known = sizes.known_size(name)
    if known is not None and not sizes.agrees(size_bytes, known):
        about = "" if known[1] else "about "
        text = f"has {size_bytes} bytes; public logs show {about}{known[0]} for a file of this name"
        return Problem(_CUT, text, damages=seen.unknown_format)
    if known is None and seen.unknown_format and size_bytes < UNKNOWN_MIN_BYTES:
        return Problem(_CUT, f"has only {size_bytes} bytes in an unknown format", damages=True)
    return None


def _contradictions(name: FirmwareName, seen: _Seen, promise: _Promise) -> list[Problem]:
    """In what the content contradicts the name."""
    said = []
    if seen.practice is None and name.practice:
        said.append("has the name of a practice image, but its content is something else")
    between = name.part == 1 and promise.build == BETWEEN_BUILD
    if promise.from_content and name.build is not None and promise.build not in (None, name.build) and not between:
        said.append(f"is named {name.build}, but holds build {promise.build}")
    if "unknown" not in (promise.content_family, name.family) and promise.content_family != name.family:
        said.append(f"is named like an image for {name.family}, but holds one for {promise.content_family}")
    if seen.kind == "diff" and not name.differential:
        said.append("is a differential image, but its name does not say from which build")
    if seen.kind == "diff" and name.base is None and name.differential:
        said.append("is named a differential image, but not from which build to which")
    return [Problem("wrong-firmware-variant-chosen", text, damages=False) for text in said]
