"""Whose a top-level name is before any folder is searched: what the interpreter brings with it."""

from __future__ import annotations

import sys

#: Built in, frozen, or imported before any code of a target runs: nothing in a tree can take their place.
ALWAYS_FIRST = frozenset(sys.builtin_module_names) | {
    "abc", "codecs", "encodings", "genericpath", "io", "os", "posixpath", "site", "stat", "zipimport",
}  # fmt: skip
#: No longer in the standard library, but never a third party's.
_ONCE = frozenset({
    "aifc", "asynchat", "asyncore", "audioop", "cgi", "cgitb", "chunk", "crypt", "distutils", "imghdr", "imp",
    "lib2to3", "mailcap", "msilib", "nis", "nntplib", "ossaudiodev", "pipes", "smtpd", "sndhdr", "spwd", "sunau",
    "telnetlib", "uu", "xdrlib",
})  # fmt: skip
#: The first components of the standard library's modules, of this version and of earlier ones.
STANDARD = sys.stdlib_module_names | _ONCE | {"test"}
