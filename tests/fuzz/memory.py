"""What lies on this computer between runs, changed, cut or put there by anybody, read as the program reads it."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from doctor.bench import BenchOptions
from doctor.board.storage.begun import SCHEMA, Begun, Book, onward
from doctor.board.storage.kept_files import MANIFEST, read_folder
from doctor.card.reformat.choice import Choice
from doctor.card.reformat.unfinished import JOURNAL, check_copies, chosen, read_journal
from doctor.errors import CardError, UsageError
from doctor.jobs.memory.advice_given import AdviceGiven
from doctor.jobs.memory.journal import Journal
from doctor.jobs.status import next_step, told
from doctor.link.port_url import PortUrl
from doctor.modem.facts import ModemFacts
from doctor.sim.state import StateDir
from tests.fuzz.parser import Parser
from tests.quick_disk import quick_disk

OLD = Path(__file__).parent.parent / "state_of_0_1"
PORT = PortUrl.read("/dev/ttyACM0")
BOARD = "30aea4112233"
MAIN = b"print()\n"


@contextmanager
def folder() -> Iterator[Path]:
    """A new one, which is the user's state folder for as long."""
    with (
        tempfile.TemporaryDirectory(prefix="fipy-doctor-fuzz-", dir=quick_disk()) as made,
        patch.dict(os.environ, FIPY_DOCTOR_STATE_DIR=made),
    ):
        yield Path(made)


def journals(data: bytes) -> None:
    """The journal of a flash: read or called damaged, and told by ``status`` with a next step."""
    with folder() as place:
        (place / "one.json").write_bytes(data)
        journal = Journal(place)
        entries = journal.entries()
        assert entries or journal.damaged({})
        journal.find({"port": PORT.key})
        for entry in entries:
            for mode in ("application", "recovery", "silent"):
                facts = ModemFacts(mode, build=41065)
                told(entry, facts)
                next_step(BenchOptions(PORT.text), facts, entry, None)


def advice(data: bytes) -> None:
    """What was tried lately."""
    with folder() as place:
        (place / "tried.json").write_bytes(data)
        given = AdviceGiven(PORT)
        assert all(isinstance(word, str) for word in (*given.confirmed, *given.seen, *given.told))
        given.note(["power-cycle"], "told")
        given.forget()


def reformat(data: bytes) -> None:
    """The journal of a reformat, and what of it would be put back."""
    with folder() as place:
        (place / JOURNAL).write_bytes(data)
        journal = read_journal(place)
        if journal is not None:
            check_copies(place, chosen(journal, Choice()))


def manifest(data: bytes) -> None:
    """The manifest of a backup of a board."""
    with folder() as place:
        (place / "main.py").write_bytes(MAIN)
        (place / MANIFEST).write_bytes(data)
        kept = read_folder(place)
        for one in kept.files:
            assert place.resolve() in kept.where[one.path].resolve().parents
            kept.content(one)


def begun(data: bytes) -> None:
    """The record of what was begun with a board's files."""
    with folder() as place:
        (place / f"{BOARD}-restore.json").write_bytes(data)
        book = Book(place)
        assert len(book.of(BOARD)) + len(book.damaged(BOARD)) == 1
        for one in book.of(BOARD):
            assert isinstance(one, Begun) and onward(one).words() and one.words


def kept_bench(data: bytes) -> None:
    """The state of a simulated bench that is kept."""
    with folder() as place:
        (place / "bench.json").write_bytes(data)
        StateDir(place).load()


SHA = "65f9d61bdd4a90c056aa8a61cf7e517797cd4ed8c0e525e53efe5b84d94cdcfb"
RECORD = {
    "schema": SCHEMA,
    "board": BOARD,
    "what": "restore",
    "command": ["restore", "DIR"],
    "folder": "/home/x/backup",
    "files": [{"path": "/flash/main.py", "size_bytes": 8, "sha256": SHA, "source": "/home/x/main.py"}],
    "at": "2026-11-29T19:36:34+00:00",
    "cleared": False,
}
KEPT = {
    "schema": "fipy-doctor/board-backup/1",
    "files": [
        {
            "path": "/flash/main.py",
            "size_bytes": 8,
            "sha256": hashlib.sha256(MAIN).hexdigest(),
            "kept_as": "main.py",
        }
    ],
    "folders": ["/flash/lib"],
}
NOTES = {
    PORT.key: {"power-cycle": {"at": "2999-11-29T19:36:48+00:00", "how": "said"}, "x": "2999-01-01T00:00:00+00:00"}
}
PARSERS = (
    Parser("journal", journals, ((OLD / "flash-journal.json").read_bytes(),)),
    Parser("tried", advice, ((OLD / "tried.json").read_bytes(), json.dumps(NOTES).encode())),
    Parser(
        "reformat",
        reformat,
        ((OLD / "reformat-done.json").read_bytes(), (OLD / "card-backup-unfinished" / "reformat.json").read_bytes()),
        (CardError,),
    ),
    Parser("manifest", manifest, (json.dumps(KEPT).encode(),), (UsageError, CardError)),
    Parser("begun", begun, (json.dumps(RECORD).encode(),)),
    Parser(
        "kept-bench",
        kept_bench,
        (b'{"schema": "fipy-doctor/sim-state/1", "origin": {"scenario": "ready"}}',),
        (ValueError,),
    ),
)
