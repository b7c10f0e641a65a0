"""Start programs, and stop them with everything that they started.

Each program leads a session of its own, so that a Ctrl-C reaches this process alone and stopping is in one hand.
Airflow's tasks put themselves into process groups of their own; what is left over is found by the session instead.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Self

import psutil  # type: ignore[import-untyped]

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_S = 8.0
POLL_S = 0.1
LAST_LINES = 15


class ProgramError(Exception):
    """A program ended although it should run, failed, or was not ready in time."""


def interrupt_on_signals() -> None:
    """Let SIGTERM and SIGHUP end this process as Ctrl-C does: through every ``finally``."""

    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt(signal.Signals(signum).name)

    for signum in INTERRUPTS:
        signal.signal(signum, interrupt)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Keep interrupts waiting, where one in the middle would leave a process that nobody stops."""
    waiting: list[int] = []
    before = {
        signum: signal.signal(signum, lambda number, _: waiting.append(number)) for signum in INTERRUPTS
    }
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
    if waiting:
        raise KeyboardInterrupt(signal.Signals(waiting[0]).name)


@dataclass(frozen=True)
class Program:
    """A running program.

    :param log: the file with its output
    :param killed_at_once: it has nothing to finish, so it is not asked to end
    """

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    killed_at_once: bool = False

    def ended(self) -> str:
        """Why it does not run any more, with its last words; empty while it runs."""
        code = self.process.poll()
        return (
            "" if code is None else f"{self.name} ended with {code}; {self.log} says:\n{last_lines(self.log)}"
        )


class Programs:
    """All that was started; leaving the context stops it."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[Program] = []

    def start(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        folder: Path,
        output: int | None = None,
        killed_at_once: bool = False,
    ) -> Program:
        """Start a program with its output in ``<name>.log``.

        :param output: where standard output goes instead, as for :class:`subprocess.Popen`
        :param killed_at_once: on stopping, do not ask it to end
        """
        log = self._logs / f"{name}.log"
        with interrupts_held(), log.open("ab") as file:
            process = subprocess.Popen(
                list(command), env=dict(environment), cwd=folder, stdin=subprocess.DEVNULL,
                stdout=file if output is None else output, stderr=file, start_new_session=True,
            )  # fmt: skip
            program = Program(name, process, log, killed_at_once)
            self._running.append(program)
        return program

    def run(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        folder: Path,
        timeout_s: float,
    ) -> None:
        """Start a program and wait for its end.

        :raises ProgramError: it failed, or did not end in time
        """
        program = self.start(name, command, environment, folder=folder)
        try:
            program.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            msg = (
                f"{name} did not end within {timeout_s:.0f} s; {program.log} says:\n{last_lines(program.log)}"
            )
            raise ProgramError(msg) from None
        if program.process.returncode:
            raise ProgramError(program.ended())
        self._running.remove(program)

    def check(self) -> None:
        """All of them still run.

        :raises ProgramError: names the one that does not
        """
        for program in self._running:
            if ended := program.ended():
                raise ProgramError(ended)

    def wait_until(self, holds: Callable[[], bool], what: str, timeout_s: float) -> None:
        """Poll until something holds.

        :raises ProgramError: a program ended meanwhile, or the time is over
        """
        deadline = time.monotonic() + timeout_s
        while not holds():
            self.check()
            if time.monotonic() > deadline:
                msg = f"{what} not within {timeout_s:.0f} s; the logs are in {self._logs}"
                raise ProgramError(msg)
            time.sleep(POLL_S)

    @contextmanager
    def held(self, *names: str) -> Iterator[None]:
        """Let some programs stand still for a while."""
        programs = [program for program in self._running if program.name in names]
        try:
            for program in programs:
                _signal(program, signal.SIGSTOP)
            yield
        finally:
            for program in programs:
                _signal(program, signal.SIGCONT)

    def name_of(self, pid: int) -> str | None:
        """The program that a process belongs to, by its session."""
        session = os.getsid(pid)
        return next((program.name for program in self._running if program.process.pid == session), None)

    def runs(self, name: str) -> bool:
        """Whether there is a program of this name."""
        return any(program.name == name for program in self._running)

    def kill(self, name: str) -> None:
        """End a program with everything that it started, without a word; from then on it need not run."""
        with interrupts_held():
            for program in [program for program in self._running if program.name == name]:
                _kill_session(program.process.pid)
                program.process.wait()
                _close(program.process.stdout)
                self._running.remove(program)

    def end(self, name: str, *, with_all_it_started: bool, grace_s: float) -> bool:
        """Ask a program to end, and kill what is left of it after a while; from then on it need not run.

        :param with_all_it_started: ask every process of its group, not only itself
        :return: whether it ended by itself
        """
        program = next(program for program in self._running if program.name == name)
        with suppress(ProcessLookupError):
            (os.killpg if with_all_it_started else os.kill)(program.process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            program.process.wait(grace_s)
        ended = program.process.poll() is not None
        self.kill(name)
        return ended

    def stop(self) -> None:
        """End every program: asked first, all at once, then killed with what they left behind."""
        with interrupts_held():
            for program in self._running:
                _signal(program, signal.SIGKILL if program.killed_at_once else signal.SIGTERM)
            deadline = time.monotonic() + GRACE_S
            for program in self._running:
                with suppress(subprocess.TimeoutExpired):
                    program.process.wait(max(0.0, deadline - time.monotonic()))
            for program in self._running:
                _kill_session(program.process.pid)
                program.process.wait()
                _close(program.process.stdout)
            self._running.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def last_lines(log: Path, count: int = LAST_LINES) -> str:
    """The end of a log."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-count:])


def _signal(program: Program, signum: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(program.process.pid, signum)


def _kill_session(session: int) -> None:
    """Kill what is left of a session, until nothing is."""
    while left := [pid for pid in psutil.pids() if _is_alive_in(pid, session)]:
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(POLL_S)


def _is_alive_in(pid: int, session: int) -> bool:
    try:
        return os.getsid(pid) == session and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, PermissionError, psutil.Error):
        return False


def _close(stream: IO[bytes] | None) -> None:
    if stream is not None:
        stream.close()
