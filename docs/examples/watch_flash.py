"""Draw a check or a flash from its events: python watch_flash.py flash FILE.dup --port PORT --yes

An example for programs that call fipy-doctor. Every line that it reads has the shape that `fipy-doctor schema event`
prints; the last one is the document of the command.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from typing import Any

WIDTH = 40


def draw(event: dict[str, Any], steps: list[str]) -> str:
    """What a person is shown of one event; "" if nothing."""
    kind = event["event"]
    if kind == "check-ended":
        found = event["finding"]
        return f"[{found['status']:>5}] {found['check']}: {found['summary']}"
    if kind == "plan":
        steps[:] = [step["step"] for step in event["plan"]["steps"]]
        return f"about {event['plan']['usual_s']:.0f} s in {len(steps)} steps"
    if kind == "step-started":
        at = steps.index(event["step"]) + 1 if event["step"] in steps else 0
        return f"step {at or '-'} of {len(steps)}: {event['text']}"
    if kind == "waiting":
        return f"  waiting for {event['what']}, at most {event['limit_s']:.0f} s"
    if kind == "progress":
        done = event["done_bytes"] * WIDTH // max(1, event["total_bytes"])
        return "  " + "#" * done + "." * (WIDTH - done) + ("" if event["may_unplug"] else "  do not unplug")
    if kind == "notice":
        return f"! {event['text']}"
    return ""


def main(words: list[str]) -> int:
    """Run fipy-doctor with these words, draw what it does, say what comes next; its exit code."""
    command = [sys.executable, "-m", "doctor", *words, "--json-events"]
    steps: list[str] = []
    drawn = ""
    document: dict[str, Any] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if not line.endswith("\n"):  # it was killed while it wrote
                break
            document = json.loads(line)
            said = draw(document, steps) if "event" in document else ""
            if said and said != drawn:
                print(said)
            drawn = said or drawn
    if "exit" not in document:  # the last line is missing: nobody knows how the modem stands
        print("fipy-doctor did not come to its end\nrun: fipy-doctor status")
        return 3
    if document.get("error"):
        print(f"{document['error']['on']} {document['error']['what']}".strip())
    then = document.get("next") or {"do": (), "run": None}
    for step in then["do"]:
        print(f"now: {step}")
    if then["run"]:
        print(f"run: {shlex.join(then['run'])}")
    return running.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
