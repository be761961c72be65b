"""Firmware images: ELF with symbols, and the checks that refuse what cannot run on the board."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emberwatch.base.errors import ImageError
from emberwatch.base.regular import read_regular
from emberwatch.base.text import printable
from emberwatch.chip import memory
from emberwatch.program.firmware_image import crc32_mpeg2
from emberwatch.program.pyelftools import open_elf
from emberwatch.program.symbols import Symbol, SymbolTable
from emberwatch.program.uf2 import read_uf2

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

FLASH_BASE = memory("flash").base
FLASH_WINDOW = memory("flash").size
"""XIP address space for flash (datasheet 2.6.3): 16 MB."""
SRAM_BASE = memory("sram").base
SRAM_SIZE = memory("sram").size
"""SRAM0-5 (datasheet 2.6.2)."""
SRAM_BANKS = memory("sram_banks")
"""SRAM0-3 again, each in one piece (datasheet 2.6.2)."""
XIP_SRAM = memory("xip_sram")
BOOT2_SIZE = 256

_RUN_REGIONS = (
    (FLASH_BASE, FLASH_WINDOW),
    *((memory(name).base, memory(name).size) for name in ("xip_sram", "sram", "sram_banks", "usb_dpram")),
)
_EM_ARM = 40
_SYMBOL = struct.Struct("<IIIBBH")
"""Elf32_Sym: st_name, st_value, st_size, st_info, st_other, st_shndx (gABI, chapter 4)."""
_SYMBOL_SIZE = _SYMBOL.size
_STT_NOTYPE, _STT_OBJECT, _STT_FUNC = 0, 1, 2
_SHN_UNDEF = 0
_SHF_COMPRESSED = 0x800
_SHOWN = 80
"""Characters of a foreign message that are shown."""
_MOST_SEGMENTS = 64
_MOST_SECTIONS = 4096
_MOST_SYMBOLS = 1_000_000
_MOST_NAME = 4096
"""What no program for 2 MB of flash comes near; files beyond are made to take the host's memory."""
_MACHINES = {3: "x86", 62: "x86-64", 183: "AArch64", 243: "RISC-V", 8: "MIPS", 20: "PowerPC", 94: "Xtensa"}


@dataclass(frozen=True)
class Segment:
    """Bytes to be placed at a load address."""

    address: int
    data: bytes

    @property
    def end(self) -> int:
        """Address after the last byte."""
        return self.address + len(self.data)


@dataclass(frozen=True)
class Image:
    """A program ready to be loaded.

    Attributes:
        path: the file it came from.
        segments: what to load where (physical addresses), in address order.
        entry: entry point without the Thumb bit: of an ELF, of Intel HEX that names one, and for UF2 linked to RAM
            its lowest address, SRAM before XIP SRAM, where the boot ROM enters such an image (datasheet 2.8.4.2);
            else None.
        symbols: empty unless the file is an ELF that is not stripped.
    """

    path: Path
    segments: tuple[Segment, ...]
    entry: int | None
    symbols: SymbolTable

    @property
    def ram_entry(self) -> int | None:
        """Where a program in RAM starts: its entry point, else its lowest address. None when it boots from flash."""
        if self.in_flash:
            return None
        return self.entry if self.entry is not None else self.segments[0].address

    @property
    def in_flash(self) -> bool:
        """Whether the program boots from flash (else it is linked to RAM)."""
        return any(_is_flash(segment.address) for segment in self.segments)

    @property
    def flash_end(self) -> int:
        """Bytes of flash from its first to the last used one."""
        ends = (s.end - FLASH_BASE for s in self.segments if FLASH_BASE <= s.address < FLASH_BASE + FLASH_WINDOW)
        return max(ends, default=0)

    def flash_image(self, size: int) -> bytes:
        """Contents of a flash of `size` bytes from its first byte to the last used one; gaps are 0xFF (erased)."""
        parts = [s for s in self.segments if FLASH_BASE <= s.address < FLASH_BASE + size]
        image = bytearray(b"\xff" * max((s.end - FLASH_BASE for s in parts), default=0))
        for segment in parts:
            image[segment.address - FLASH_BASE : segment.end - FLASH_BASE] = segment.data
        return bytes(image)


def load_image(path: str | Path, flash_size: int = FLASH_WINDOW) -> Image:
    """Reads ELF, UF2, Intel HEX or raw binary (by content; a raw binary needs the ending .bin) and checks it.

    Args:
        path: the file.
        flash_size: bytes of flash on the board.

    Raises:
        ImageError: the file is missing, truncated, for another machine, or has code where the board has no memory.
    """
    path = Path(path)
    if path.is_dir():
        raise ImageError(f"firmware {path} is a directory; give an ELF, UF2, HEX or BIN file")
    data = read_regular(path, "firmware", ImageError)
    if not data:
        raise ImageError(f"firmware {path} is empty; build it with: emberwatch build")
    image = _load_elf(path, data) if data.startswith(b"\x7fELF") else _load_other(path, data)
    _check_placement(image, flash_size)
    return image


def _load_elf(path: Path, data: bytes) -> Image:
    if len(data) < 52:
        raise ImageError(
            f"firmware {path} is a truncated ELF: {len(data)} bytes, the header alone has 52; build it again"
        )
    machine = int.from_bytes(data[18:20], "little" if data[5] == 1 else "big")
    if data[4] != 1 or data[5] != 1 or machine != _EM_ARM:
        name = _MACHINES.get(machine, f"machine {machine}" if machine != _EM_ARM else "big-endian Arm")
        raise ImageError(f"firmware {path} is an ELF for {name}; the RP2040 needs 32-bit little-endian Arm")
    try:
        with io.BytesIO(data) as stream:
            elf = open_elf(stream)
            if elf.num_segments() > _MOST_SEGMENTS:
                raise ImageError(
                    f"firmware {path} is a damaged ELF ({elf.num_segments()} segments, at most {_MOST_SEGMENTS} are "
                    "taken); build it again"
                )
            headers = [s for s in elf.iter_segments() if s["p_type"] == "PT_LOAD" and s["p_filesz"] > 0]
            for header in headers:
                if header["p_offset"] + header["p_filesz"] > len(data):
                    raise ImageError(_truncated(path, header["p_offset"] + header["p_filesz"], len(data)))
            total = sum(header["p_filesz"] for header in headers)
            if total > FLASH_WINDOW + SRAM_SIZE:
                raise ImageError(
                    f"firmware {path} wants {total} bytes loaded, more than flash and SRAM of any board; link it again"
                )
            sections_end = elf["e_shoff"] + elf["e_shnum"] * elf["e_shentsize"]
            if sections_end > len(data):
                raise ImageError(_truncated(path, sections_end, len(data)))
            if not headers:
                raise ImageError(
                    f"firmware {path} has nothing to load; link it to an executable (it may be an object file)"
                )
            for header in elf.iter_segments():
                if header["p_type"] == "PT_LOAD" and header["p_memsz"] > 0:
                    _check_run_address(path, header["p_vaddr"], header["p_memsz"])
            segments = [Segment(h["p_paddr"], h.data()) for h in headers]
            symbols = _symbols(elf)
            entry = elf["e_entry"] & ~1
    except ImageError:
        raise
    except Exception as error:  # whatever pyelftools meets in a file that lies, assertions included
        reason = str(error)[:_SHOWN] or type(error).__name__
        raise ImageError(f"firmware {path} is a damaged ELF ({printable(reason)}); build it again") from None
    ordered = tuple(sorted(segments, key=lambda s: s.address))
    for segment, following in pairwise(ordered):
        if following.address < segment.end:
            raise ImageError(
                f"firmware {path} is a damaged ELF (two segments claim {following.address:#010x}); link it again"
            )
    return Image(path, ordered, entry, SymbolTable(symbols))


def _check_run_address(path: Path, address: int, size: int) -> None:
    """Where a segment lives at run time: flash, XIP SRAM, SRAM (striped or not) or the USB RAM."""
    if not any(base <= address and address + size <= base + length for base, length in _RUN_REGIONS):
        raise ImageError(
            f"firmware {path} has code or data that runs at {address:#010x}..{address + size - 1:#010x}, "
            "where the RP2040 has no memory; link it for the RP2040"
        )


def _truncated(path: Path, needed: int, present: int) -> str:
    return (
        f"firmware {path} is a truncated ELF: it refers to byte {needed} but ends at {present}; build or copy it again"
    )


def section_headers(elf: ELFFile) -> Iterator[Any]:
    """The headers alone: pyelftools' sections read what they stand for, which a file of lies makes expensive.

    Raises:
        ValueError: there are more than any program has.
    """
    if elf.num_sections() > _MOST_SECTIONS:
        raise ValueError(f"more than {_MOST_SECTIONS} sections")
    return (elf._get_section_header(number) for number in range(elf.num_sections()))


def _symbols(elf: ELFFile) -> list[Symbol]:
    tables = [header for header in section_headers(elf) if header["sh_type"] == "SHT_SYMTAB"]
    if not tables:
        return []
    if len(tables) > 1 or tables[0]["sh_flags"] & _SHF_COMPRESSED or tables[0]["sh_entsize"] != _SYMBOL_SIZE:
        raise ValueError("more than one symbol table, or one of no known form")  # the gABI allows one
    if tables[0]["sh_size"] > _MOST_SYMBOLS * _SYMBOL_SIZE:
        raise ValueError(f"more than {_MOST_SYMBOLS} symbols")
    strings = elf.get_section(tables[0]["sh_link"])
    if strings["sh_flags"] & _SHF_COMPRESSED:
        raise ValueError("compressed names")
    stream = elf.stream
    stream.seek(tables[0]["sh_offset"])
    table = stream.read(tables[0]["sh_size"])
    stream.seek(strings["sh_offset"])
    names = stream.read(strings["sh_size"])
    found = []
    whole = len(table) // _SYMBOL_SIZE * _SYMBOL_SIZE
    for name_at, value, size, info, _, section in _SYMBOL.iter_unpack(table[:whole]):
        kind = info & 15
        if kind not in (_STT_NOTYPE, _STT_OBJECT, _STT_FUNC) or section == _SHN_UNDEF:
            continue
        end = names.find(b"\0", name_at, name_at + _MOST_NAME)
        if end < 0:
            raise ValueError(f"a symbol's name of more than {_MOST_NAME} bytes")
        name = printable(names[name_at:end].decode("utf-8", "replace"))
        if not name or name.startswith("$"):
            continue
        is_function = kind == _STT_FUNC
        found.append(Symbol(value & ~1 if is_function else value, size, name, is_function))
    return found


def _load_other(path: Path, data: bytes) -> Image:
    segments: list[Segment]
    entry = None
    if data.startswith(b"UF2\n"):
        segments = [Segment(address, content) for address, content in read_uf2(data, f"firmware {path}").items()]
        entry = min((segment.address < SRAM_BASE, segment.address) for segment in segments)[1]
    elif data.startswith(b":"):
        segments, entry = _parse_hex(path, data)
    elif path.suffix.lower() == ".bin":
        segments = [Segment(FLASH_BASE, data)]
        if _is_ram_program(data):
            raise ImageError(f"firmware {path} is linked to RAM, and a raw image does not say so; load its ELF or UF2")
    else:
        raise ImageError(f"firmware {path} is neither ELF, UF2 nor Intel HEX; a raw flash image must end in .bin")
    return Image(path, tuple(sorted(segments, key=lambda s: s.address)), entry, SymbolTable([]))


def _is_ram_program(data: bytes) -> bool:
    """A vector table first, with stack and reset handler in SRAM, where a flash image has its second stage."""
    stack, reset = (int.from_bytes(data[at : at + 4], "little") for at in (0, 4))
    return SRAM_BASE < stack <= SRAM_BASE + SRAM_SIZE and reset & 1 == 1 and SRAM_BASE <= reset < SRAM_BASE + SRAM_SIZE


def _parse_hex(path: Path, data: bytes) -> tuple[list[Segment], int | None]:
    """Intel HEX: data, end of file, extended segment and linear address, start linear address records."""
    segments: list[Segment] = []
    entry = None
    base = 0
    start, run = 0, bytearray()
    ended = False
    for number, line in enumerate(data.split(), 1):
        try:
            record = bytes.fromhex(line[1:].decode("ascii"))
        except ValueError:
            record = b""
        if not line.startswith(b":") or len(record) < 5 or len(record) != record[0] + 5 or sum(record) & 0xFF:
            raise ImageError(
                f"firmware {path} is damaged Intel HEX: record {number} fails its checksum; build it again"
            )
        address, kind, payload = int.from_bytes(record[1:3], "big"), record[3], record[4:-1]
        if kind == 0:
            address += base
            if run and address != start + len(run):
                segments.append(Segment(start, bytes(run)))
                run = bytearray()
            if not run:
                start = address
            run += payload
        elif kind == 1:
            ended = True
            break
        elif kind in (2, 4) and len(payload) == 2:
            base = int.from_bytes(payload, "big") << (4 if kind == 2 else 16)
        elif kind == 5 and len(payload) == 4:
            entry = int.from_bytes(payload, "big") & ~1
    if not ended:
        raise ImageError(f"firmware {path} is truncated Intel HEX: the end record is missing; build or copy it again")
    if run:
        segments.append(Segment(start, bytes(run)))
    return segments, entry


def _is_flash(address: int) -> bool:
    return FLASH_BASE <= address < FLASH_BASE + FLASH_WINDOW and not (
        XIP_SRAM.base <= address < XIP_SRAM.base + XIP_SRAM.size
    )


def check_regions(image: Image, flash_size: int) -> None:
    """Refuses an image that a board with so many bytes of flash has no memory for.

    Raises:
        ImageError: naming the addresses.
    """
    regions = (
        ("flash", FLASH_BASE, flash_size),
        ("SRAM", SRAM_BASE, SRAM_SIZE),
        ("its banks", SRAM_BANKS.base, SRAM_BANKS.size),
    )
    for segment in image.segments:
        if not any(base <= segment.address and segment.end <= base + size for _, base, size in regions):
            memory = ", ".join(f"{name} {base:#010x}..{base + size - 1:#010x}" for name, base, size in regions)
            raise ImageError(
                f"firmware {image.path} has code or data at {segment.address:#010x}..{segment.end - 1:#010x}, "
                f"where the board has no memory ({memory}); link it for this board"
            )


def _check_placement(image: Image, flash_size: int) -> None:
    if not image.segments:
        raise ImageError(f"firmware {image.path} holds no bytes to load")
    check_regions(image, flash_size)
    if image.in_flash:
        for segment in image.segments:
            if not _is_flash(segment.address):
                raise ImageError(
                    f"firmware {image.path} boots from flash but wants {len(segment.data)} bytes loaded into SRAM at "
                    f"{segment.address:#010x}, which only a debugger can do; give that section a load address in flash "
                    "(AT > FLASH) and copy it at start-up, or no contents (NOLOAD)"
                )
    if image.in_flash:
        _check_boot2(image, flash_size)
    elif image.entry is None:
        raise ImageError(f"firmware {image.path} is linked to RAM but names no entry point; load its ELF or UF2")


def _check_boot2(image: Image, flash_size: int) -> None:
    """The boot ROM runs the first 256 bytes only if their CRC-32 (polynomial 0x04C11DB7, MSB first) fits."""
    first = image.flash_image(flash_size)[:BOOT2_SIZE]
    stored = int.from_bytes(first[252:256], "little")
    computed = crc32_mpeg2(first[:252])
    if len(first) < BOOT2_SIZE or stored != computed:
        raise ImageError(
            f"firmware {image.path} has no valid boot2 at {FLASH_BASE:#010x}: its CRC is {stored:#010x}, the boot ROM "
            f"expects {computed:#010x}; link a checksummed second-stage boot loader first"
        )
