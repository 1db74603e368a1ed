"""What is called while a module is imported, by whatever way: the simulation ends it where CPython does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from first_imports import compare_programs, place_programs, simulate

Tree = Callable[..., Path]

#: What the first line of a program stands for.
BEGINNINGS = {
    "# boom\n": "def boom(*given, **named):\n    import pk.gone\n    return 1\n",
    "# lazy\n": "def lazy():\n    import pk.gone\n    yield 1\n",
    "# later\n": "def lazy():\n    yield 1\n    import pk.gone\n",
    "# main\n": "import asyncio\nasync def main():\n    import pk.gone\n",
}
#: Each ends as CPython ends it; where nothing calls what fails, a BufferError says so.
CALLED = """\
f = lambda: __import__('pk.gone')
f()
---
f = lambda: __import__('pk.gone')
raise BufferError
---
(lambda n: __import__(n))('pk.gone')
---
f = lambda n='pk.gone': __import__(n)
f()
---
f, g = (lambda: 1), (lambda: __import__('pk.gone'))
f()
raise BufferError
---
f, g = (lambda: 1), (lambda: __import__('pk.gone'))
g()
---
x = 'pk.gone'
def outer(x):
    return lambda: __import__(x)
outer('pk.lost')()
---
f = lambda *a, **k: __import__(k['n'])
f(1, n='pk.gone')
---
f = lambda x: x.y
if f: raise BufferError
---
# boom
from functools import partial
partial(boom, 1)()
---
# boom
from functools import partial
p = partial(boom)
raise BufferError
---
from functools import partial
def f(a, b):
    __import__(b)
partial(f, b='pk.gone')(1)
---
from functools import partial
def f(a, b):
    __import__(b)
partial(partial(f, 1), 'pk.gone')()
---
from functools import partial
class C:
    def __init__(self, n):
        __import__(n)
partial(C, 'pk.gone')()
---
# boom
list(map(boom, [1]))
---
# boom
map(boom, [1])
raise BufferError
---
# boom
list(map(boom, []))
raise BufferError
---
# boom
for x in map(boom, [1]):
    pass
---
# boom
tuple(filter(boom, [1]))
---
# boom
any(map(boom, [1]))
---
if list(filter(lambda x: x > 1, [1, 2, 3])) == [2, 3]: raise BufferError
---
if list(map(lambda a, b: a + b, [1], [2])) == [3]: raise BufferError
---
# lazy
list(lazy())
---
# lazy
lazy()
raise BufferError
---
# lazy
sum(lazy())
---
# lazy
dict(lazy())
---
# lazy
any(lazy())
---
# lazy
for x in lazy():
    pass
---
# later
list(lazy())
---
# lazy
[x for x in lazy()]
---
# lazy
zip(lazy())
raise BufferError
---
# lazy
try:
    list(lazy())
except ImportError:
    raise BufferError
---
# lazy
enumerate(lazy())
raise BufferError
---
# boom
class M(type):
    def __new__(m, n, b, d):
        boom()
        return super().__new__(m, n, b, d)
class A(metaclass=M): ...
---
# boom
class M(type):
    def __init__(c, n, b, d):
        boom()
class A(metaclass=M): ...
---
# boom
class M(type):
    def __init__(c, n, b, d):
        if n == 'B': boom()
class A(metaclass=M): ...
raise BufferError
---
# boom
class M(type):
    def __init__(c, n, b, d):
        if n == 'B': boom()
class A(metaclass=M): ...
class B(A): ...
---
# boom
class M(type):
    def __new__(m, n, b, d):
        boom()
raise BufferError
---
# boom
class M(type):
    def __new__(m, n, b, d):
        if 'key' in d: boom()
        return super().__new__(m, n, b, d)
class A(metaclass=M):
    key = 1
---
# boom
class D:
    def __set_name__(self, o, n):
        boom()
class A:
    d = D()
---
# boom
class D:
    def __set_name__(self, o, n):
        if n == 'x': boom()
class A:
    d = D()
raise BufferError
---
# boom
class D:
    def __set_name__(self, o, n):
        boom()
try:
    class A:
        d = D()
except ImportError:
    pass
---
# boom
class D:
    def __set_name__(self, o, n):
        boom()
d = D()
raise BufferError
---
# boom
from dataclasses import dataclass, field
@dataclass
class C:
    x: object = field(default_factory=boom)
C()
---
# boom
from dataclasses import dataclass, field
@dataclass
class C:
    x: object = field(default_factory=boom)
C(x=1)
raise BufferError
---
# boom
import dataclasses
@dataclasses.dataclass(frozen=True)
class C:
    x: object = dataclasses.field(default_factory=boom)
class D(C): ...
C()
---
# boom
from dataclasses import dataclass
@dataclass
class C:
    x: int = 1
    def __post_init__(self):
        boom()
C()
---
# boom
class C:
    x: int = 1
    def __post_init__(self):
        boom()
C()
raise BufferError
---
# boom
class C:
    def __call__(self, n):
        boom()
C()(1)
---
# boom
class C:
    def __call__(self):
        boom()
C()
raise BufferError
---
# boom
class C:
    def __init__(self, f): self.f = f
    def __call__(self):
        return self.f()
@C
def f():
    boom()
f()
---
# boom
class B:
    def __call__(self):
        boom()
class C(B): ...
C()()
---
# boom
from functools import cached_property
class C:
    @cached_property
    def p(self):
        boom()
C().p
---
from functools import cached_property
class C:
    n = 0
    @cached_property
    def p(self):
        C.n += 1
        return C.n
c = C()
c.p
c.p
if c.p == 1: raise BufferError
---
# boom
class C:
    def __iter__(self):
        boom()
        return iter(())
for x in C(): pass
---
# boom
class C:
    def __iter__(self):
        yield 1
        boom()
list(C())
---
class C:
    def __iter__(self):
        yield 1
        yield 2
if list(C()) == [1, 2]: raise BufferError
---
# boom
class C:
    def __getitem__(self, k):
        boom()
C()['a']
---
class C:
    def __getitem__(self, k):
        return k
if C()['a'] == 'a': raise BufferError
---
# boom
class C:
    def __class_getitem__(cls, k):
        boom()
C[int]
---
# boom
class M(type):
    def __getitem__(cls, k):
        boom()
class C(metaclass=M): ...
C['a']
---
# main
asyncio.run(main())
---
# main
main
raise BufferError
---
# main
c = main()
c.close()
raise BufferError
---
# main
async def outer():
    await main()
asyncio.run(outer())
---
# main
async def outer():
    await asyncio.gather(main(), main())
asyncio.run(outer())
---
# main
async def outer():
    await asyncio.wait_for(main(), 1)
asyncio.run(outer())
---
# main
loop = asyncio.new_event_loop()
try:
    loop.run_until_complete(main())
finally:
    loop.close()
---
# main
async def outer():
    try:
        await main()
    except ImportError:
        raise BufferError
asyncio.run(outer())
---
import asyncio
async def one():
    return 'pk.gone'
async def main():
    __import__(await one())
asyncio.run(main())
---
match 'a':
    case 'a':
        raise BufferError
---
match 'b':
    case 'a':
        import pk.gone
raise BufferError
---
match 1:
    case 2 | 1:
        raise BufferError
---
match 3:
    case 1 | 2:
        import pk.gone
    case _:
        raise BufferError
---
match 3:
    case x if x > 2:
        raise BufferError
    case _:
        import pk.gone
---
match 3:
    case x if x > 4:
        import pk.gone
    case _:
        raise BufferError
---
match None:
    case None:
        raise BufferError
---
match True:
    case 1:
        raise BufferError
---
match 1:
    case True:
        import pk.gone
raise BufferError
---
match 'a':
    case x:
        if x == 'a': raise BufferError
---
class A: ...
class B: ...
if (A,) == (A,) and (A,) != (B,) and [A, 1] == [A, 1] and (A,) != (A, A): raise BufferError
---
# boom
class B: ...
class M(type):
    def __new__(m, n, b, d):
        if b == (B,): return super().__new__(m, n, b, d)
        boom()
class A(B, metaclass=M): ...
raise BufferError
"""
#: Who goes through may stop before the end: what fails after the first element is a doubt.
DOUBTFUL = """\
# later
for x in lazy():
    raise BufferError
---
# lazy
zip(lazy())
---
# later
any(lazy())
---
import asyncio
async def each():
    yield 1
    import pk.gone
async def main():
    async for x in each():
        pass
asyncio.run(main())
"""


def read_programs(text: str) -> list[str]:
    """Return the programs that a text lists, with what their first lines stand for."""
    found = []
    for program in text.split("---\n"):
        first, end, rest = program.partition("\n")
        found.append(BEGINNINGS.get(first + end, first + end) + rest)
    return found


def test_what_is_called_on_import_ends_as_in_cpython(make_tree: Tree) -> None:
    programs = read_programs(CALLED)
    assert compare_programs(make_tree(place_programs(programs)), programs) == []


def test_a_generator_that_somebody_may_leave_is_a_doubt(make_tree: Tree) -> None:
    programs = read_programs(DOUBTFUL)
    rows = simulate(make_tree(place_programs(programs)))
    for number, program in enumerate(programs):
        assert "gone" in rows[f"t{number}.m"]["doubt"], program
