"""What the kernel refuses a worker: the network, further processes, and other processes.

A seccomp filter, written as the kernel takes it: the bindings of libseccomp need a library of the
system that pip cannot bring, and all that is forbidden fits a screen. Linux only, on x86-64 and
ARM64; elsewhere `confine` says that it cannot.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_FORBIDDEN: Mapping[str, tuple[int, int]] = {
    # The network. What is made by io_uring passes no filter.
    "socket": (41, 198),
    "socketpair": (53, 199),
    "io_uring_setup": (425, 425),
    # Other programs.
    "execve": (59, 221),
    "execveat": (322, 281),
    # Other processes: what they hold, and what they may have.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    # What no decoder needs, and what has been a way into the kernel.
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
}
"""Calls that fail with EPERM, by their numbers on x86-64 and on ARM64."""

_FORBIDDEN_ON_X86 = (57, 58)
"""fork and vfork, which ARM64 does not have."""

_CLONE, _CLONE3, _KILL, _TGKILL = (56, 220), (435, 435), (62, 129), (234, 131)
_PRLIMIT, _SECCOMP = (302, 261), (317, 277)
_CLONE_THREAD = 0x00010000

_AUDIT_ARCHITECTURES = (0xC000003E, 0xC00000B7)
_X32 = 0x40000000
"""From here on x86-64 has the same calls once more, with other numbers."""

_PR_SET_NO_NEW_PRIVS = 38
_SET_MODE_FILTER, _ON_ALL_THREADS = 1, 1
_ALLOW, _FAIL, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000

_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
"""Offsets in the kernel's ``struct seccomp_data``; of the argument, the lower half."""

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
"""Instructions of classic BPF, from ``linux/bpf_common.h``."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


@dataclass(frozen=True, slots=True)
class _Instruction:
    code: int
    operand: int
    if_true: int = 0
    if_false: int = 0

    def packed(self) -> bytes:
        return struct.pack("HBBI", self.code, self.if_true, self.if_false, self.operand)


def confine() -> bool:
    """Let this process open no socket, start no process, and touch no other one, for ever.

    Threads may be started, as decoders do.

    Returns
    -------
    bool
        Whether the kernel keeps it from all that from now on.
    """
    machine = {"x86_64": 0, "aarch64": 1}.get(platform.machine())
    if sys.platform != "linux" or machine is None:
        return False
    code = b"".join(each.packed() for each in _filter(machine, os.getpid()))
    program = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None)
    # Without it only root may install a filter, as programs that are run with more rights than
    # their caller's could be tricked by one.
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    arguments = (_SET_MODE_FILTER, _ON_ALL_THREADS, ctypes.byref(program))
    return not libc.syscall(_SECCOMP[machine], *arguments)


def _filter(machine: int, own_pid: int) -> Iterator[_Instruction]:
    refuse = _FAIL | errno.EPERM
    yield _Instruction(_LOAD, _ARCHITECTURE)
    yield _Instruction(_EQUAL, _AUDIT_ARCHITECTURES[machine], if_true=1)
    yield _Instruction(_RETURN, _KILL_PROCESS)
    yield _Instruction(_LOAD, _NUMBER)
    if machine == 0:
        yield from _unless(_AT_LEAST, _X32, refuse)
    forbidden = [numbers[machine] for numbers in _FORBIDDEN.values()]
    for number in (*forbidden, *(_FORBIDDEN_ON_X86 if machine == 0 else ())):
        yield from _unless(_EQUAL, number, refuse)
    # Its flags lie where no filter can look; without it, the C library takes the older one.
    yield from _unless(_EQUAL, _CLONE3[machine], _FAIL | errno.ENOSYS)
    yield from _only(_CLONE[machine], _ANY_BIT, (_CLONE_THREAD,))
    for number in (_KILL, _TGKILL, _PRLIMIT):
        # Of prlimit, 0 is the process itself; of kill, its whole group, the bot among it.
        own = (own_pid, 0) if number is _PRLIMIT else (own_pid,)
        yield from _only(number[machine], _EQUAL, own)
    yield _Instruction(_RETURN, _ALLOW)


def _unless(condition: int, operand: int, verdict: int) -> Iterator[_Instruction]:
    """Return `verdict` where the condition holds for the number of the call; else go on."""
    yield _Instruction(condition, operand, if_false=1)
    yield _Instruction(_RETURN, verdict)


def _only(number: int, condition: int, operands: tuple[int, ...]) -> Iterator[_Instruction]:
    """Judge a call by its first argument: one of `operands` must fit; else go on."""
    yield _Instruction(_EQUAL, number, if_false=3 + len(operands))
    yield _Instruction(_LOAD, _FIRST_ARGUMENT)
    for left in range(len(operands), 0, -1):
        yield _Instruction(condition, operands[-left], if_true=left)
    yield _Instruction(_RETURN, _FAIL | errno.EPERM)
    yield _Instruction(_RETURN, _ALLOW)
