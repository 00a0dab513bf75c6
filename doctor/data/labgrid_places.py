"""Holds places of a labgrid coordinator for fipy-doctor, and gives them back whatever ends it.

A program of its own, for labgrid's Python and never for ours: labgrid brings another ``serial`` (fleet.md 0).
It speaks the coordinator's gRPC service (labgrid-coordinator.proto), which labgrid has since 25.0.

    labgrid_places.py HOST:PORT OWNER

It reads lines of JSON: ``{"do": "acquire", "places": [...], "wait_s": 0}``, ``{"do": "child", "place": P, "pid": N}``,
``{"do": "give-back", "place": P, "owner": O}``, ``{"do": "end"}``; and writes lines of JSON, one for each thing that
happens (``doctor/fleet/labgrid/helper.py`` reads them). It ends after ``end``, at the end of its input, which is
how a killed parent looks, and on a signal. No place is given back while a child that flashes over it lives.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

OLDEST, TOO_NEW = 25, 27  #: labgrid 24 speaks another protocol (WAMP); what follows 26 was not tried
CONNECT_S = 10.0
PORT_S = 10.0  #: an exporter needs half a second for its ser2net
CALL_S = 30.0  #: the coordinator itself gives an exporter ten seconds
AGAIN_S = 1.0  #: between two tries to reach a coordinator that was lost
LAST_TRIES_S = 20.0  #: to reach it once more before the end
CHILDREN_S = 3 * 3600.0  #: longer than any flash
LOOK_S = 0.2
Path4 = tuple[str, str, str, str]  #: exporter, group, class and name of a resource
SERIAL = "NetworkSerialPort"  #: what every serial port of an exporter is to a client


def tell(what: str, **more: Any) -> None:
    """Write one line; a parent that is gone reads nothing, which is no reason to stop."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(json.dumps({"what": what, **more}) + "\n")
        sys.stdout.flush()


def lives(pid: int) -> bool:
    """Whether a process runs. One that has ended and that nobody asked about (a zombie) does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] != "Z"
    return True


class Coordinator:
    """A connection to the coordinator, and what it says of places and resources.

    A call counts for the owner only over the connection on which the owner was named, so both end together.
    """

    def __init__(self, address: str, owner: str, on_change: Callable[[], None]) -> None:
        self._address, self._owner, self._on_change = address, owner, on_change
        self.places: dict[str, Any] = {}
        self.resources: dict[tuple[str, str, str], Any] = {}
        self.connected = False
        self.stub: Any = None
        self._channel: Any = None
        self._call: Any = None
        self._pump: Any = None
        self._why = ""
        self._synced = asyncio.Event()

    async def connect(self) -> None:
        """Connect anew, and know all places and resources. Raises ConnectionError."""
        await self.close()
        self.places, self.resources = {}, {}
        self._synced.clear()
        alive = [("grpc.keepalive_time_ms", 7500), ("grpc.keepalive_timeout_ms", 10000)]
        alive += [("grpc.http2.ping_timeout_ms", 10000), ("grpc.http2.max_pings_without_data", 0)]
        self._channel = grpc.aio.insecure_channel(self._address, options=alive)
        self.stub = stubs.CoordinatorStub(self._channel)
        self._call = self.stub.ClientStream()
        self._pump = asyncio.ensure_future(self._read())
        hello = [pb.ClientInMessage(startup=pb.StartupDone(version=VERSION, name=self._owner))]
        hello += [
            pb.ClientInMessage(subscribe=pb.Subscribe(**{kind: True})) for kind in ("all_places", "all_resources")
        ]
        try:
            for message in (*hello, pb.ClientInMessage(sync=pb.Sync(id=1))):
                await asyncio.wait_for(self._call.write(message), CONNECT_S)
            await asyncio.wait_for(self._synced.wait(), CONNECT_S)
        except (grpc.aio.AioRpcError, asyncio.TimeoutError, asyncio.InvalidStateError) as err:
            raise ConnectionError(words_of(err)) from err
        if self._pump.done():
            raise ConnectionError(self._why or "the coordinator closed the connection")
        self.connected = True

    async def close(self) -> None:
        """Let go of the connection, if there is one."""
        self.connected = False
        if self._call is not None:
            self._call.cancel()
            self._pump.cancel()
            await asyncio.wait([self._pump])
            await self._channel.close()
            self._call = None

    async def _read(self) -> None:
        self._why = ""
        try:
            async for message in self._call:
                for update in message.updates:
                    self._take(update)
                if message.HasField("sync"):
                    self._synced.set()
                if self.connected:
                    self._on_change()
        except grpc.aio.AioRpcError as err:
            self._why = words_of(err)
        self._synced.set()
        was, self.connected = self.connected, False
        if was:
            self._on_change()

    def _take(self, update: Any) -> None:
        kind = update.WhichOneof("kind")
        if kind == "place":
            self.places[update.place.name] = update.place
        elif kind == "del_place":
            self.places.pop(update.del_place, None)
        elif kind in ("resource", "del_resource"):
            path = update.resource.path if kind == "resource" else update.del_resource
            key = (path.exporter_name, path.group_name, path.resource_name)
            if kind == "resource":
                self.resources[key] = update.resource
            else:
                self.resources.pop(key, None)

    def ports(self, paths: Iterable[Path4]) -> list[dict[str, Any]]:
        """The serial ports among resource paths (exporter, group, class, name), as facts that JSON can hold."""
        found = []
        for exporter, group, kind, name in paths:
            resource = self.resources.get((exporter, group, name))
            if kind != SERIAL or resource is None:
                continue
            params, extra = plain(resource.params), plain(resource.extra)
            found.append({
                "exporter": exporter, "group": group, "name": name, "avail": resource.avail,
                "host": params.get("host"), "port": params.get("port"), "protocol": params.get("protocol", "rfc2217"),
                "path": extra.get("path", ""), "proxy": bool(extra.get("proxy_required")),
            })  # fmt: skip
        return found

    def matched(self, place: Any) -> dict[Path4, str]:
        """Paths of the resources that an acquire of the place would take, and under which name each."""
        found = {}
        for (exporter, group, name), resource in sorted(self.resources.items()):
            path = (exporter, group, resource.cls, name)
            match = next((match for match in place.matches if fits(match, path)), None)
            if match is not None:
                found[path] = match.rename if match.HasField("rename") else ""
        return found


def fits(match: Any, path: Path4) -> bool:
    """Whether a match of a place means a resource: patterns as in file names, an unset name means any."""
    wanted = (match.exporter, match.group, match.cls, match.name or "*")
    return all(map(fnmatchcase, path, wanted))


def plain(values: Any) -> dict[str, Any]:
    """A map of the protocol as a dict."""
    kinds = ((name, value, value.WhichOneof("kind")) for name, value in values.items())
    return {name: getattr(value, kind) if kind else None for name, value, kind in kinds}


def words_of(err: BaseException) -> str:
    """What a failed call says."""
    return err.details() if isinstance(err, grpc.aio.AioRpcError) else str(err) or "no answer in time"


class Holder:
    """The places that are held, from the first acquire to the last release."""

    def __init__(self, address: str, owner: str) -> None:
        self.owner = owner
        self.lab = Coordinator(address, owner, self.changed)
        self.tried: set[str] = set()  # what an acquire was asked for: perhaps held, whatever came back
        self.held: dict[str, list[dict[str, Any]]] = {}  # place: its ports as they were told last
        self.children: dict[str, list[int]] = {}  # place: pids
        self.stop = asyncio.Event()
        self._change = asyncio.Event()
        self.back: asyncio.Future[None] | None = None

    def end(self) -> None:
        """Acquire no more, and give everything back."""
        self.stop.set()
        self._change.set()

    async def say_places(self) -> None:
        """Connect, and say which places there are."""
        await self.lab.connect()
        places = []
        for name, place in sorted(self.lab.places.items()):
            named = {path: match for path, match in self.lab.matched(place).items() if path[2] == SERIAL}
            ports = [{**port, "match": match} for path, match in named.items() for port in self.lab.ports([path])]
            reserved = place.reservation if place.HasField("reservation") else ""
            places.append({"name": name, "by": place.acquired, "reserved": bool(reserved), "ports": ports})
        tell("places", labgrid=VERSION, tried=OLDEST <= MAJOR < TOO_NEW, places=places)

    def changed(self) -> None:
        """Something of the coordinator's has changed: is all that is held as it was told?"""
        self._change.set()
        if self.stop.is_set():
            return
        if not self.lab.connected:
            if self.back is None:
                tell("coordinator", lost=True)
                self.back = asyncio.ensure_future(self._reconnect())
            return
        for name, before in list(self.held.items()):
            place = self.lab.places.get(name)
            if place is None or place.acquired != self.owner:
                del self.held[name]
                tell("lost", place=name, by=place.acquired if place is not None else "")
                continue
            now = self.lab.ports(paths_of(place))
            if now != before:
                self.held[name] = now
                tell("changed", place=name, ports=now)

    async def _reconnect(self) -> None:
        while not self.stop.is_set():
            try:
                await self.lab.connect()
            except ConnectionError:
                await asyncio.sleep(AGAIN_S)
                continue
            tell("coordinator", lost=False)
            self.back = None
            self.changed()
            return

    async def acquire(self, names: Iterable[str], wait_s: float) -> None:
        """Take what is free of ``names``, and wait for the others; then say that this is all."""
        loop = asyncio.get_running_loop()
        end = loop.time() + wait_s
        waiting = list(names)
        while waiting and not self.stop.is_set():
            self._change.clear()
            left = []
            for name in waiting:
                why = await self._take(name)
                if why is not None and why["why"] in ("in-use", "reserved") and loop.time() < end:
                    left.append(name)
                elif why is not None:
                    tell("refused", place=name, **why)
            if left and left == waiting:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._change.wait(), max(LOOK_S, min(5.0, end - loop.time())))
            waiting = left
        tell("all")

    async def _take(self, name: str) -> dict[str, str] | None:
        """Acquire one place: None, or why not."""
        place = self.lab.places.get(name)
        if not self.lab.connected or place is None:
            return {"why": "gone"}
        if place.acquired:
            return {"why": "in-use", "by": place.acquired}
        self.tried.add(name)
        try:
            await self.lab.stub.AcquirePlace(pb.AcquirePlaceRequest(placename=name), timeout=CALL_S)
        except grpc.aio.AioRpcError as err:
            if err.code() is grpc.StatusCode.PERMISSION_DENIED:
                return {"why": "reserved", "by": ""}
            now = self.lab.places.get(name)
            by = now.acquired if now is not None else ""
            return {"why": "in-use" if by or "already acquired" in words_of(err) else "failed", "by": by,
                    "said": words_of(err)}  # fmt: skip
        ports = await self._ready(name)
        if not ports or not all(port["avail"] and port["port"] for port in ports):
            await self._release(name)
            return {"why": "no-port", "by": ""}
        self.held[name] = ports
        tell("acquired", place=name, ports=ports)
        return None

    async def _ready(self, name: str) -> list[dict[str, Any]]:
        """The ports of a place that was acquired, once each has its number: the exporter has to start a ser2net."""
        loop = asyncio.get_running_loop()
        end = loop.time() + PORT_S
        ports: list[dict[str, Any]] = []
        while loop.time() < end and not self.stop.is_set():
            place = self.lab.places.get(name)
            ports = self.lab.ports(paths_of(place)) if place is not None and place.acquired == self.owner else []
            if ports and all(port["avail"] and port["port"] for port in ports):
                break
            await asyncio.sleep(0.05)
        return ports

    async def give_back(self, name: str, owner: str) -> None:
        """Release a place that a dead run of this program holds; who else has it meanwhile keeps it."""
        with contextlib.suppress(grpc.aio.AioRpcError):
            await self.lab.stub.ReleasePlace(pb.ReleasePlaceRequest(placename=name, fromuser=owner), timeout=CALL_S)
            for _ in range(20):
                place = self.lab.places.get(name)
                if place is None or place.acquired != owner:
                    break
                await asyncio.sleep(0.05)
            tell("given-back", place=name, owner=owner)

    async def _release(self, name: str) -> None:
        """Release one place, if it is ours. Raises AioRpcError."""
        request = pb.ReleasePlaceRequest(placename=name, fromuser=self.owner)
        await self.lab.stub.ReleasePlace(request, timeout=CALL_S)
        self.tried.discard(name)
        self.held.pop(name, None)

    async def release_all(self) -> int:
        """Give every place back, each as soon as no child flashes over it; 0, or 1 if one could not be given back."""
        loop = asyncio.get_running_loop()
        limit, why = loop.time() + CHILDREN_S, ""
        tries_end: float | None = None
        while self.tried:
            for name in sorted(self.tried):
                if loop.time() < limit and any(map(lives, self.children.get(name, ()))):
                    continue
                was_held = name in self.held
                try:
                    if not self.lab.connected:
                        await self.lab.connect()
                    await self._release(name)
                    tries_end = None
                    if was_held:
                        tell("released", place=name)
                except (grpc.aio.AioRpcError, ConnectionError) as err:
                    why = words_of(err)
                    tries_end = tries_end or loop.time() + LAST_TRIES_S
                    break
            if tries_end is not None and loop.time() > tries_end:
                break
            if self.tried:
                await asyncio.sleep(LOOK_S if tries_end is None else AGAIN_S)
        for name in sorted(self.tried):
            tell("kept", place=name, said=why)
        return 1 if self.tried else 0


def paths_of(place: Any) -> list[Path4]:
    """The resources that a place has acquired: (exporter, group, class, name) each."""
    split = (path.split("/") for path in place.acquired_resources)
    return [(exporter, group, kind, name) for exporter, group, kind, name in split]


def read_commands(loop: asyncio.AbstractEventLoop, commands: asyncio.Queue[bytes | None]) -> None:
    """Put each line of the input into the queue, at its end None. In a thread that nobody has to wait for."""

    def read() -> None:
        kept = b""
        while True:
            try:
                piece = os.read(0, 65536)
            except OSError:
                piece = b""
            *lines, kept = (kept + piece).split(b"\n")
            for line in (*lines, *([] if piece else [None])):
                with contextlib.suppress(RuntimeError):  # the loop has ended
                    loop.call_soon_threadsafe(commands.put_nowait, line)
            if not piece:
                return

    threading.Thread(target=read, daemon=True).start()


async def obey(holder: Holder, commands: asyncio.Queue[bytes | None], busy: list[asyncio.Future[None]]) -> None:
    """Carry out commands until the last one."""
    while True:
        line = await commands.get()
        told = {"do": "end"} if line is None else json.loads(line)
        if told["do"] == "acquire":
            busy.append(asyncio.ensure_future(holder.acquire(told["places"], float(told["wait_s"]))))
        elif told["do"] == "child":
            holder.children.setdefault(told["place"], []).append(int(told["pid"]))
        elif told["do"] == "give-back":
            await holder.give_back(told["place"], told["owner"])
        else:
            holder.end()
            return


async def main(address: str, owner: str) -> int:
    """Hold places until the end; the exit code."""
    loop = asyncio.get_running_loop()
    holder = Holder(address, owner)
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        loop.add_signal_handler(getattr(signal, name), holder.end)
    try:
        await holder.say_places()
    except ConnectionError as err:
        tell("error", why="no-coordinator", said=str(err))
        await holder.lab.close()
        return 1
    commands: asyncio.Queue[bytes | None] = asyncio.Queue()
    busy: list[asyncio.Future[None]] = []
    read_commands(loop, commands)
    obeying = asyncio.ensure_future(obey(holder, commands, busy))
    await holder.stop.wait()
    for task in filter(None, (obeying, holder.back)):
        task.cancel()
        await asyncio.wait([task])
    if busy:  # an acquire that is under way comes to its end: a coordinator would keep half of one
        await asyncio.wait(busy)
    code = await holder.release_all()
    await holder.lab.close()
    tell("end")
    return code


if __name__ == "__main__":
    try:
        VERSION = importlib.metadata.version("labgrid")
    except importlib.metadata.PackageNotFoundError:
        tell("error", why="no-labgrid", said=sys.executable)
        sys.exit(1)
    MAJOR = int(VERSION.split(".")[0]) if VERSION.split(".")[0].isdecimal() else TOO_NEW
    if MAJOR < OLDEST:
        tell("error", why="old-labgrid", said=VERSION)
        sys.exit(1)
    import grpc
    from labgrid.remote.generated import labgrid_coordinator_pb2 as pb
    from labgrid.remote.generated import labgrid_coordinator_pb2_grpc as stubs

    sys.exit(asyncio.run(main(*sys.argv[1:3])))
