"""Answers about the text of one file, remembered for as long as the process lives.

A history judges one tree at many commits, and nearly all files are the same in all of them. What a text says does not
depend on the place of the file, so it is computed once. A single run costs no more than a digest of each text.
"""

from __future__ import annotations

import functools
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Concatenate, ParamSpec, TypeVar

Rest = ParamSpec("Rest")
Answer = TypeVar("Answer")
#: Answers that one question keeps: those about the files of a large tree, and some of other commits.
_MOST = 20_000
_DIGEST_BYTES = 16


def remember_text(
    ask: Callable[Concatenate[bytes, Rest], Answer],
) -> Callable[Concatenate[bytes, Rest], Answer]:
    """Return a function of a text that asks once for each text and what else it is given, which must be hashable.

    Its answers are shared by all who ask: they must not be changed. The oldest are forgotten first.
    """
    known: OrderedDict[tuple[Hashable, ...], Answer] = OrderedDict()

    @functools.wraps(ask)
    def answer(text: bytes, /, *rest: Rest.args, **named: Rest.kwargs) -> Answer:
        digest = hashlib.blake2b(text, digest_size=_DIGEST_BYTES).digest()
        key = (digest, *rest, *sorted(named.items()))
        if key in known:
            known.move_to_end(key)
            return known[key]
        found = known[key] = ask(text, *rest, **named)
        if len(known) > _MOST:
            known.popitem(last=False)
        return found

    return answer
