"""Crashes as compiled code does: it reads where no memory is."""

import ctypes

ctypes.string_at(0)
