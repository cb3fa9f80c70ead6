"""A small program that keeps the contract of docs/engine-contract.md, and breaks it where a test asks for that.

`parameters.stand_in` of its configuration says how: `fault` (crash, panic, hang, flood, refuse, finish, unavailable,
silent, loading, refuse_reload), `events` (lines for events.jsonl), `stream` (a line that is written again and again,
each time with another id for ID), `in_flight` (attempts). It uses the standard library alone.
"""

import json
import os
import queue
import signal
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any

FIXED = ("chain", "feeds", "mode", "strategy")


def say(event: str, level: str = "info", message: str = "", **fields: object) -> None:
    """One line of the contract."""
    line = {"at_ns": time.time_ns(), "level": level, "event": event, "message": message, **fields}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def append(lines: list[str]) -> None:
    """Events, on disk before anything else happens."""
    with Path("events.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)
        file.flush()
        os.fdatasync(file.fileno())


def write_on_and_on(template: str) -> None:
    """Events for as long as it lives."""
    while True:
        append([template.replace("ID", str(uuid.uuid4()))])
        time.sleep(0.002)


def fail(fault: str) -> None:
    """Ends with the fault that was asked for, when it is one of the start."""
    if fault == "refuse":
        say("config_refused", "error", version=1, field="parameters.fault", fault="is refuse.", remedy="Take it out.")
        sys.exit(64)
    if fault == "unavailable":
        say("feed_lost", "warning", "the endpoint does not answer")
        sys.exit(69)
    if fault == "crash":
        say("about_to_fail", "error", "the last words", api_key="hunter2-hunter2")
        sys.stderr.write("thread 'main' panicked at 'no such pool'\n")
        sys.exit(70)
    if fault == "panic":
        sys.stderr.write("thread 'main' panicked\n")
        sys.stderr.flush()
        os.abort()


def wait_for_the_commander(happened: "queue.SimpleQueue[str]") -> None:
    """Its end is the end of standard input."""
    sys.stdin.read()
    happened.put("stdin ended")


def watch(path: Path, first: dict[str, Any], refuses: bool, happened: "queue.SimpleQueue[str]") -> None:
    """Takes each new version, or refuses it."""
    version = first["version"]
    while True:
        found = json.loads(path.read_bytes())
        if found["version"] != version:
            version = found["version"]
            if refuses or any(found[name] != first[name] for name in FIXED):
                say("config_refused", "warning", version=version, field="limits", fault="is odd.", remedy="Mend it.")
            else:
                say("config_in_force", version=version, blacklist=found["blacklist"])
        if found["parameters"].get("stand_in", {}).get("finish_now"):
            happened.put("finished")
        time.sleep(0.005)


def main() -> None:
    """As the engine would."""
    path = Path(sys.argv[sys.argv.index("--config") + 1])
    config = json.loads(path.read_bytes())
    asked = config["parameters"].get("stand_in", {})
    fault = asked.get("fault", "")
    # A signal handler may put into it while it is being read.
    happened: queue.SimpleQueue[str] = queue.SimpleQueue()
    Path("environment.json").write_text(json.dumps(dict(os.environ)))
    with Path("starts").open("a") as starts:
        starts.write(f"{os.getpid()}\n")
    signal.signal(signal.SIGTERM, signal.SIG_IGN if fault == "hang" else lambda *_: happened.put("asked to stop"))
    fail(fault)
    threading.Thread(target=wait_for_the_commander, args=(happened,), daemon=True).start()
    events = Path("events.jsonl")
    if events.exists() and not events.read_bytes().endswith(b"\n"):
        append([""])
    append(asked.get("events", []))
    if asked.get("stream"):
        threading.Thread(target=write_on_and_on, args=(asked["stream"],), daemon=True).start()
    if asked.get("in_flight"):
        say("in_flight", attempts=asked["in_flight"])
    if fault not in {"silent", "loading"}:
        say("engine_ready", version=config["version"])
    if fault == "loading":
        # Asked to end before it can hear that.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        say("loading")
        signal.pause()
    if fault == "flood":
        for number in range(200_000):
            sys.stdout.write('{"at_ns": 1, "level": "debug", "event": "flood", "message": "' + f'{number:>60}"}}\n')
        say("flood_over")
    if fault == "crash_later":
        fail("crash")
    if fault == "finish":
        happened.put("finished")
    watcher = (path, config, fault == "refuse_reload", happened)
    threading.Thread(target=watch, args=watcher, daemon=True).start()
    reason = happened.get()
    while fault == "hang":
        signal.pause()
    say("engine_stopped", reason=reason, open=0)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
