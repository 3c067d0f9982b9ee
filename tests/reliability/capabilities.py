"""The capabilities of a process on Linux: root has that of writing what may not be written."""

import ctypes
import os
import sys

_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def give_up_capabilities() -> None:
    """Has this process obey the modes of files, even as root (capset(2)). For good."""
    if os.geteuid() != 0 or not sys.platform.startswith("linux"):
        return
    none = (_Sets * 2)()
    if ctypes.CDLL(None, use_errno=True).capset(ctypes.byref(_Header(_VERSION_3, 0)), none):
        raise OSError(ctypes.get_errno(), "the capabilities cannot be given up")
