from __future__ import annotations

import gzip
import io
import warnings
import zipfile

import pytest

from doctor.firmware.scripts import ScriptKind, classify, describe

SCRIPT = b'''"""The transfer protocol."""
import struct

MAGIC = b"\\x57\\x53\\x54\\x50"


class Master:
    def __init__(self, port):
        self.port = port

    def send(self, data):
        try:
            while data:
                self.port.write(struct.pack("<I", len(data)) + data[:100])
                data = data[100:]
        except OSError as error:
            print("failed: {}".format(error))
            return False
        return True
'''


def kind(data: bytes, name: str = "sqnstp.py") -> ScriptKind:
    return classify(name, data).kind


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("sqnstp.py", SCRIPT)
    return out.getvalue()


BAD = {
    "github page": (b"\n\n\n\n\n\n<!DOCTYPE html>\n<html lang=en>", ScriptKind.HTML, "script-is-html-page"),
    "page fragment": (b'<div class="blob">import os</div>', ScriptKind.HTML, "script-is-html-page"),
    "github json": (b'{"payload":{"allShortcutsEnabled":false,"fileTree":{', ScriptKind.JSON, "script-is-html-page"),
    "api answer": (b'{"message": "Not Found"}', ScriptKind.JSON, "script-is-html-page"),
    "404": (b"404: Not Found", ScriptKind.ERROR_TEXT, "script-is-html-page"),
    "zip": (zipped(), ScriptKind.ZIP, "firmware-still-zipped"),
    "gzip": (gzip.compress(SCRIPT), ScriptKind.GZIP, "firmware-still-zipped"),
    "appledouble": (b"\x00\x05\x16\x07" + bytes(4092), ScriptKind.APPLEDOUBLE, "appledouble-companion"),
    "utf-16": (SCRIPT.decode().encode("utf-16"), ScriptKind.UTF16, "corrupt-upload"),
    "utf-16 without mark": (SCRIPT.decode().encode("utf-16-le"), ScriptKind.UTF16, "corrupt-upload"),
    "rtf": (b"{\\rtf1\\ansi import os}", ScriptKind.DOCUMENT, "corrupt-upload"),
    "byte-order mark": (b"\xef\xbb\xbf" + SCRIPT, ScriptKind.BOM, "corrupt-upload"),
    "empty": (b"", ScriptKind.EMPTY, "corrupt-upload"),
    "blank": (b"\r\n\r\n", ScriptKind.EMPTY, "corrupt-upload"),
    "zero tail": (SCRIPT[:300] + bytes(212), ScriptKind.TRUNCATED, "corrupt-upload"),
    "never written": (bytes(512), ScriptKind.BINARY, "corrupt-upload"),
    "nul inside": (SCRIPT[:300] + bytes(3) + SCRIPT[303:], ScriptKind.BINARY, "corrupt-upload"),
    "control byte": (SCRIPT.replace(b"while data", b"wh\x02le data"), ScriptKind.BINARY, "corrupt-upload"),
    "noise in a name": (SCRIPT.replace(b"import", b"im\xf3\x01ort"), ScriptKind.BINARY, "corrupt-upload"),
    "high noise in a name": (SCRIPT.replace(b"import", b"im\xf3\xf1ort"), ScriptKind.SYNTAX_ERROR, "corrupt-upload"),
    "other text": (b"please see the readme first\nthank you\n", ScriptKind.SYNTAX_ERROR, "corrupt-upload"),
    "explorer path": (b"FILE = 'C:\\Users\\me\\x.dup'\n", ScriptKind.SYNTAX_ERROR, "windows-path-escapes"),
    "unknown encoding": (b"# coding: klingon\nx = 1\n", ScriptKind.SYNTAX_ERROR, "corrupt-upload"),
    "too large": (b"x = 1\n" * 200_000, ScriptKind.TOO_LARGE, "corrupt-upload"),
    "elf": (b"\x7fELF" + bytes(300), ScriptKind.BINARY, "files-swapped"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad(what: str) -> None:
    data, expected, catalogue = BAD[what]
    verdict = classify("sqnstp.py", data)
    assert (verdict.kind, verdict.catalogue) == (expected, catalogue)
    assert verdict.first_bytes == data[:16]
    assert verdict.text != ""


GOOD = {
    "plain": SCRIPT,
    "windows line ends": SCRIPT.replace(b"\n", b"\r\n"),
    "no newline at the end": SCRIPT.rstrip(),
    "tabs mixed with spaces": b"def f():\n\tif 1:\n        \tpass\n",
    "async as a name": b"def f(async=True):\n    return async\n",
    "async as a keyword": b"async def f():\n    await g()\n",
    "latin-1 comment": b"# caf\xe9\nx = 1\n",
    "encoding cookie": b"# -*- coding: latin-1 -*-\nx = 'caf\xe9'\n",
    "curly quotes in a string": "x = 'it\u2019s'  # \u201cquoted\u201d\n".encode(),
    "doubtful escape": b"x = '\\d'\n",
    "micropython decorator": b"@micropython.asm_thumb\ndef f(r0):\n    mov(r0, 42)\n    label(END)\n",
    "literal of a boot rom": b"class bootrom:\n    BOOTROM = b'" + b"QUJD" * 18_000 + b"'\n",
    "error words as names": b"Forbidden = 1\n",
    "leading comment like a tag": b"# <html>\nx = 1\n",
}


@pytest.mark.parametrize("what", GOOD)
def test_good(what: str) -> None:
    verdict = classify("sqnstp.py", GOOD[what])
    assert (verdict.kind, verdict.text) == (ScriptKind.PYTHON, "")


@pytest.mark.parametrize("line", [b"print 'x'", b"except OSError, e:", b"raise E, 'x'", b"if a <> b: pass", b"x = 10L"])
def test_python_2_is_not_called_damaged(line: bytes) -> None:
    source = b"try:\n    pass\n" + line + b"\n    pass\n" if line.startswith(b"except") else line + b"\n"
    verdict = classify("old.py", source)
    assert (verdict.kind, verdict.is_python, verdict.catalogue) == (ScriptKind.PYTHON2, True, None)


def test_smart_quotes_name_the_line() -> None:
    verdict = classify("main.py", "import os\nos.mkfs(\u2018/sd\u2019)\n".encode())
    assert (verdict.kind, verdict.line) == (ScriptKind.SMART_QUOTES, 2)
    assert verdict.catalogue == "smart-quotes-in-pasted-code"
    assert "U+2018" in verdict.text


def test_space_that_is_none() -> None:
    assert kind("if 1:\n\u00a0\u00a0x = 1\n".encode()) is ScriptKind.SMART_QUOTES


def test_a_cut_anywhere_is_python_or_cut_and_never_something_else() -> None:
    kinds = {size: kind(SCRIPT[:size]) for size in range(1, len(SCRIPT))}
    assert {size for size, seen in kinds.items() if seen not in (ScriptKind.PYTHON, ScriptKind.TRUNCATED)} == set()
    assert sum(seen is ScriptKind.TRUNCATED for seen in kinds.values()) > len(SCRIPT) // 3


def test_broken_line_in_the_middle_is_no_cut() -> None:
    verdict = classify("sqnstp.py", SCRIPT.replace(b"return False", b"return ret False"))
    assert verdict.kind is ScriptKind.SYNTAX_ERROR
    assert verdict.line == SCRIPT[: SCRIPT.index(b"return False")].count(b"\n") + 1


def test_empty_package_marker_is_fine() -> None:
    assert kind(b"", "lib/__init__.py") is ScriptKind.PYTHON


@pytest.mark.parametrize("hostile", [b"(" * 50_000 + b"1", b"x=" + b"-" * 50_000 + b"1", b"[" * 900])
def test_deep_nesting_is_an_answer_not_a_crash(hostile: bytes) -> None:
    assert not classify("deep.py", hostile).is_python


@pytest.mark.parametrize("hostile", [b"1" + b"+1" * 100_000, b"a" + b".b" * 50_000])
def test_long_chain_is_judged_as_this_python_can(hostile: bytes) -> None:
    verdict = classify("deep.py", hostile)
    assert verdict.is_python or verdict.text  # Python 3.10 parses them, later ones refuse


def test_nothing_is_executed(capsys: pytest.CaptureFixture[str]) -> None:
    assert kind(b"print('ran')\nraise SystemExit(3)\n") is ScriptKind.PYTHON
    assert capsys.readouterr().out == ""


def test_warnings_of_the_parser_stay_inside() -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        kind(b"x = '\\d'\nif x is 1: pass\n")
    assert seen == []


def test_control_characters_of_a_line_are_escaped() -> None:
    assert "\x1b" not in classify("x.py", b"if \x1b[31m red\n").text


def test_vendor_names() -> None:
    assert "updater" in describe("/flash/lib/sqnsupgrade.py")
    assert describe("stp.py") != ""
    assert describe("main.py") == ""
