"""Machine code of an object file, brought into memory without llvmlite.

llvmlite takes fifty megabytes and a sixtieth of a second to be there, and for the kernels little
is left to do: lay sections side by side, and fill in a table of addresses. Understood is what
numba makes on 64-bit x86 with Linux, a relocatable ELF file of the large code model (System V ABI,
x86-64 supplement 1.0, table 4.9: "S + A - GOT" and the like); whoever gets None asks llvmlite.
"""

import ctypes
import mmap
import struct
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

_HEAD: Final = b"\x7fELF\x02\x01\x01"  # 64 bits, little endian, version 1
_RELOCATABLE, _X86_64 = 1, 62
_BITS, _SYMBOLS, _RELOCATIONS = 1, 2, 4  # kinds of sections: SHT_PROGBITS, _SYMTAB, _RELA
_WRITTEN, _LOADED = 1, 2  # flags of sections: SHF_WRITE, SHF_ALLOC
_NOWHERE, _SPECIAL = 0, 0xFF00  # sections of a symbol: SHN_UNDEF, SHN_LORESERVE
_SLOT: Final = struct.Struct("<Q")
_FIELD: Final = struct.Struct("<q")


class _Place(NamedTuple):
    """What the value of a field is made of, as addresses; `slot` is the symbol's in the table."""

    symbol: int
    addend: int
    field: int
    table: int
    slot: int


_VALUES: Final[Mapping[int, Callable[[_Place], int]]] = {
    24: lambda p: p.symbol + p.addend - p.field,  # R_X86_64_PC64
    25: lambda p: p.symbol + p.addend - p.table,  # R_X86_64_GOTOFF64
    27: lambda p: p.slot + p.addend - p.table,  # R_X86_64_GOT64
    29: lambda p: p.table + p.addend - p.field,  # R_X86_64_GOTPC64
}
"""Kinds of relocations; all of them write eight bytes."""


class _Section(NamedTuple):
    """A row of an ELF file's table of sections."""

    name: int
    kind: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    about: int
    align: int
    each: int


class _Symbol(NamedTuple):
    """A row of a table of symbols."""

    name: int
    facts: int
    seen: int
    section: int
    value: int
    size: int


class _StrangeError(Exception):
    """There is something in the file that we do not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Machine code in memory, for as long as this lives, and where its symbols are."""

    memory: mmap.mmap
    addresses: Mapping[str, int]


def load(content: bytes, outside: Callable[[str], int]) -> Code | None:
    """Return an object file ready to be called, or None where only llvmlite can do that.

    Args:
        content: the file, whole and trusted: it will run.
        outside: gives the address of a symbol that is not in it, or raises AttributeError.
    """
    if sys.platform != "linux" or sys.byteorder != "little":
        return None
    try:
        return _Object(content).placed(outside)
    except (_StrangeError, AttributeError, OSError, struct.error):
        return None


class _Object:
    """An object file, taken apart."""

    def __init__(self, content: bytes) -> None:
        kind, machine = struct.unpack_from("<HH", content, 16)
        if not content.startswith(_HEAD) or (kind, machine) != (_RELOCATABLE, _X86_64):
            raise _StrangeError
        (first,) = _SLOT.unpack_from(content, 40)
        (count,) = struct.unpack_from("<H", content, 60)
        table = content[first : first + 64 * count]
        self._content = content
        self._sections = [_Section(*row) for row in struct.iter_unpack("<IIQQQQIIQQ", table)]
        tables = [section for section in self._sections if section.kind == _SYMBOLS]
        self._names = self._bytes(self._sections[tables[0].link])
        rows = struct.iter_unpack("<IBBHQQ", self._bytes(tables[0]))
        self._symbols = [_Symbol(*row) for row in rows]

    def placed(self, outside: Callable[[str], int]) -> Code:
        """Bring it into memory: what runs cannot be written, and the table cannot run."""
        offsets = dict(self._offsets())
        table = _up(max(offsets[k] + self._sections[k].size for k in offsets), mmap.PAGESIZE)
        memory = mmap.mmap(-1, table + 8 * len(self._symbols), mmap.MAP_PRIVATE)
        base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        for k, offset in offsets.items():
            memory[offset : offset + self._sections[k].size] = self._bytes(self._sections[k])
        known = {k: base + offset for k, offset in offsets.items()}
        for k, section in enumerate(self._sections):
            if section.kind == _RELOCATIONS and section.about in known:
                self._relocate(memory, (k, base, base + table), known, outside)
        protect = ctypes.CDLL(None, use_errno=True).mprotect
        runs = (ctypes.c_void_p(base), ctypes.c_size_t(table), mmap.PROT_READ | mmap.PROT_EXEC)
        if protect(*runs):
            raise OSError(ctypes.get_errno(), "code may not run from memory here")
        return Code(
            memory=memory,
            addresses={
                self._name(each): known[each.section] + each.value
                for each in self._symbols
                if each.section in known and each.name
            },
        )

    def _offsets(self) -> Iterator[tuple[int, int]]:
        """Yield the sections that are needed, by number, and where they go."""
        end = 0
        for k, section in enumerate(self._sections):
            if section.flags & _LOADED and section.size:
                if section.flags & _WRITTEN:
                    raise _StrangeError
                if section.kind == _BITS:  # the rest is for exceptions, of which there are none
                    start = _up(end, max(section.align, 1))
                    yield k, start
                    end = start + section.size

    def _relocate(
        self,
        memory: mmap.mmap,
        places: tuple[int, int, int],
        known: Mapping[int, int],
        outside: Callable[[str], int],
    ) -> None:
        """Fill in the fields of one section and the table."""
        number, base, table = places
        section = self._sections[number]
        for offset, facts, addend in struct.iter_unpack("<QQq", self._bytes(section)):
            which, kind = divmod(facts, 1 << 32)
            symbol = self._symbols[which]
            if kind not in _VALUES:
                raise _StrangeError
            at = table if self._name(symbol) == _TABLE else self._address(symbol, known, outside)
            slot = table + 8 * which
            memory[slot - base : slot - base + 8] = _SLOT.pack(at)
            field = known[section.about] + offset
            place = _Place(symbol=at, addend=addend, field=field, table=table, slot=slot)
            memory[field - base : field - base + 8] = _FIELD.pack(_VALUES[kind](place))

    def _address(
        self, symbol: _Symbol, known: Mapping[int, int], outside: Callable[[str], int]
    ) -> int:
        if symbol.section == _NOWHERE:
            return outside(self._name(symbol))
        if symbol.section >= _SPECIAL or symbol.section not in known:
            raise _StrangeError
        return known[symbol.section] + symbol.value

    def _name(self, symbol: _Symbol) -> str:
        return self._names[symbol.name : self._names.index(b"\0", symbol.name)].decode()

    def _bytes(self, section: _Section) -> bytes:
        return self._content[section.offset : section.offset + section.size]


_TABLE: Final = "_GLOBAL_OFFSET_TABLE_"


def _up(offset: int, step: int) -> int:
    return -(-offset // step) * step
