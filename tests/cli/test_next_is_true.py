"""The next step is one that makes sense, and an exit code does not claim what was not done."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctor.sim.practice.image import make_practice_elf, make_practice_image
from doctor.text.escape import counted

from .terminal import Terminal

MODEM = ("--port", "sim://sqn3330", "--via", "modem")
HTML = "sim://fipy?scenario=html-scripts"


@pytest.mark.long
def test_nothing_is_left_to_flash_where_the_modem_runs_the_image(terminal: Terminal, tmp_path: Path) -> None:
    image = make_practice_image(tmp_path, build=38638, size_bytes=100_000)
    said = terminal.type("check", "-v", "--port", "sim://fipy?build=38638", "--firmware", str(image))
    assert (said.code, said.next) == (0, [])
    assert "✓ step-is-safe" in said.out and "Done. Nothing is left to do." in said.out
    again = ("--firmware", str(image), "--accept", "same-build")
    agreed = terminal.type("check", "-v", "--port", "sim://fipy?build=38638", *again)
    assert agreed.next[0] == "flash" and "same-build" in agreed.next
    assert "runs build 38638 already" in agreed.out


def test_an_empty_port_is_none(terminal: Terminal, image: Path) -> None:
    assert terminal.type("check", "--port", "", "--firmware", str(image)).next == ["flash", str(image)]


def test_a_named_cure_that_nobody_confirmed_is_a_failure(terminal: Terminal) -> None:
    said = terminal.type("fix", "--upload-scripts", "--port", HTML, "--json")
    assert (said.code, said.document["exit"], said.document["error"]["id"]) == (1, 1, "not-confirmed")
    assert said.document["next"]["run"] is None, "the very command that was refused is no next one"
    assert terminal.type("fix", "--upload-scripts", "--port", HTML).next == []


@pytest.mark.long
def test_a_cure_is_not_given_the_scripts_that_are_known_to_be_bad(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "sqnsupgrade.py").write_text("<!DOCTYPE html>\n<html></html>\n")
    said = terminal.type("check", "--port", HTML, "--scripts", str(tmp_path))
    assert said.next == ["fix", "--upload-scripts", "--port", HTML]
    assert terminal.type(*said.next, "--yes").code == 0


def test_what_was_done_is_not_offered_again(terminal: Terminal) -> None:
    bench = "sim://fipy?scenario=sd-lists-empty"
    offered = "Take the card out of the board"
    said = terminal.type("check", "--done", "card-reseated", "--port", bench)
    assert offered not in said.out and "or:    Flash over USB" in said.out
    assert offered in terminal.type("check", "--done", "card-reseated", "--port", bench, "-v").out


def test_a_dry_run_of_a_named_cure_is_none(terminal: Terminal) -> None:
    assert terminal.type("fix", "--upload-scripts", "--port", HTML, "--dry-run").code == 0


def test_hands_at_a_bench_in_use_say_so(terminal: Terminal, tmp_path: Path) -> None:
    from doctor.sim.bench import SimBench

    port = f"sim://fipy?state={tmp_path}"
    bench = SimBench.from_url(port)
    try:
        said = terminal.type("sim", "--hands", "press-reset", "--port", port)
    finally:
        bench.release()
    assert said.code == 1 and "open port-busy" in said.err and "next:" in said.err


def test_another_image_is_asked_for_and_not_the_refused_one_again(terminal: Terminal, tmp_path: Path) -> None:
    image = make_practice_image(tmp_path, base=39529, size_bytes=100_000)
    said = terminal.type("check", *MODEM, "--firmware", str(image))
    assert said.next == ["plan", *MODEM]


def test_an_updater_image_that_is_none_is_named_only_once(terminal: Terminal, image: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "updater.bin"
    wrong.write_bytes(b"no ELF" * 100)
    said = terminal.type("check", *MODEM, "--firmware", str(image), "--updater-elf", str(wrong))
    assert said.next.count("--updater-elf") == 1 and str(wrong) not in said.next


def test_a_plan_leads_to_the_flash_that_it_shows(terminal: Terminal, image: Path) -> None:
    words = ("--via", "usb", "--method", "on-the-fly")
    said = terminal.type("plan", str(image), "--port", "sim://fipy", *words)
    assert said.next == ["flash", str(image), "--port", "sim://fipy", *words]


@pytest.mark.long
def test_after_a_dry_run_the_next_command_does_what_was_planned(terminal: Terminal) -> None:
    words = ("fix", "--reformat-sd", "--port", "sim://fipy", "--confirm", "/sd")
    assert terminal.type(*words, "--dry-run").next == [
        "fix",
        "--reformat-sd",
        "--port",
        "sim://fipy",
        "--confirm",
        "/sd",
    ]
    assert terminal.type("fix", "--dry-run", "--port", HTML).next == ["fix", "--port", HTML]


def test_one_file_is_no_files(terminal: Terminal, tmp_path: Path) -> None:
    assert counted(1, "file") == "1 file"
    assert counted(0, "file") == "0 files"
    assert counted(1, "file or folder", "files and folders") == "1 file or folder"
    assert "kept in" in terminal.type("backup", str(tmp_path / "kept"), "--port", "sim://fipy").out


def test_a_build_without_a_way_back_is_read_about_and_not_checked_for_ever(terminal: Terminal, image: Path) -> None:
    said = terminal.type("check", "--via", "modem", "--port", "sim://sqn3330?build=43818", "--firmware", str(image))
    assert said.next == ["open", "modem-build-50523"]
    assert "--accept no-way-back" in said.out


def test_a_simulated_modem_takes_a_file_like_the_one_that_is_named(terminal: Terminal, tmp_path: Path) -> None:
    image = make_practice_image(tmp_path, "NB1", 41019, 100_000)
    said = terminal.type("flash", str(image), "--via", "modem", "--port", "sim://sqn3330?build=33080")
    assert said.next[:2] == ["flash", "upgdiff_33080-to-41065.dup"]
    assert "sim --make-firmware . --base 33080" in said.out
    assert (
        "sim --make-firmware . --kind updater" in terminal.type("check", "--port", "sim://fipy?scenario=modem-ffh").out
    )


def test_a_differential_goes_on_without_updater_elf_where_it_fits(terminal: Terminal, tmp_path: Path) -> None:
    image = make_practice_image(tmp_path, base=38638, size_bytes=100_000)
    words = ("--firmware", str(image), "--updater-elf", str(make_practice_elf(tmp_path)))
    fits = terminal.type("check", *MODEM, *words)
    assert fits.next == ["flash", str(image), *MODEM]
    other = terminal.type("check", "--via", "modem", "--port", "sim://sqn3330?build=39529", *words)
    assert other.next[:1] == ["plan"]
