"""A CMSIS-SVD file: registers by name in GDB front ends and editors.

The format is Arm's, version 1.3 of its schema. Registers whose reading changes something say so, so that a debugger
leaves them alone.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from xml.dom.minidom import parseString

from emberwatch.chip.parts import Access, Block, Chip, Field, Register

_ACCESS = {
    Access.RO: "read-only",
    Access.RW: "read-write",
    Access.WO: "write-only",
    Access.WC: "read-write",
    Access.SC: "write-only",
    Access.RF: "read-write",
    Access.RP: "read-only",
}


def render_svd(chip: Chip) -> str:
    """The file's text."""
    device = ET.Element(
        "device",
        {"schemaVersion": "1.3", "xmlns:xs": "http://www.w3.org/2001/XMLSchema-instance"}
        | {"xs:noNamespaceSchemaLocation": "CMSIS-SVD.xsd"},
    )
    for name, text in (
        ("vendor", "Raspberry Pi"),
        ("name", "RP2040"),
        ("version", "1.0"),
        ("description", "RP2040 as Emberwatch describes it"),
    ):
        ET.SubElement(device, name).text = text
    cpu = ET.SubElement(device, "cpu")
    for name, text in (
        ("name", "CM0PLUS"),
        ("revision", "r0p1"),
        ("endian", "little"),
        ("mpuPresent", "true"),
        ("fpuPresent", "false"),
        ("nvicPrioBits", "2"),
        ("vendorSystickConfig", "false"),
    ):
        ET.SubElement(cpu, name).text = text
    for name, text in (("addressUnitBits", "8"), ("width", "32"), ("size", "32")):
        ET.SubElement(device, name).text = text
    peripherals = ET.SubElement(device, "peripherals")
    for block in sorted(chip.blocks, key=lambda each: each.base):
        _peripherals(peripherals, chip, block)
    document = parseString(ET.tostring(device, encoding="unicode"))
    return str(document.toprettyxml(indent="  ", encoding="utf-8"), "utf-8")


def _peripherals(parent: ET.Element, chip: Chip, block: Block) -> None:
    first = next(iter(block.bases))
    for instance, base in block.bases.items():
        element = ET.SubElement(parent, "peripheral", {} if instance == first else {"derivedFrom": first})
        ET.SubElement(element, "name").text = instance
        ET.SubElement(element, "description").text = f"{block.title} (datasheet {block.datasheet})"
        ET.SubElement(element, "baseAddress").text = f"{base:#010x}"
        if instance == first:
            area = ET.SubElement(element, "addressBlock")
            size = max(at for register in block.registers for _, at, _ in register.instances()) + 4
            for name, text in (("offset", "0x0"), ("size", f"{size:#x}"), ("usage", "registers")):
                ET.SubElement(area, name).text = text
        for irq in block.irqs.get(instance, []):
            line = ET.SubElement(element, "interrupt")
            ET.SubElement(line, "name").text = irq
            ET.SubElement(line, "value").text = str(chip.irqs.index(irq))
        if instance == first:
            registers = ET.SubElement(element, "registers")
            for register in block.registers:
                _registers(registers, block, register)


def _registers(parent: ET.Element, block: Block, register: Register) -> None:
    for n, (name, at, fields) in enumerate(register.instances()):
        element = ET.SubElement(parent, "register")
        for tag, text in (
            ("name", name),
            ("addressOffset", f"{at:#x}"),
            ("resetValue", f"{register.reset(n):#010x}"),
        ):
            ET.SubElement(element, tag).text = text
        if any(field.access in (Access.RF, Access.RP) for field in fields):
            ET.SubElement(element, "readAction").text = "modify"
        holder = ET.SubElement(element, "fields")
        for field in sorted(fields, key=lambda each: each.lsb):
            _field(holder, block, register, field)


def _field(parent: ET.Element, block: Block, register: Register, field: Field) -> None:
    element = ET.SubElement(parent, "field")
    ET.SubElement(element, "name").text = field.name
    if note := block.note(register.name, field.name):
        ET.SubElement(element, "description").text = f"{field.verdict.value}: {note}"
    ET.SubElement(element, "bitRange").text = f"[{field.lsb + field.width - 1}:{field.lsb}]"
    ET.SubElement(element, "access").text = _ACCESS[field.access]
    if field.access is Access.WC:
        ET.SubElement(element, "modifiedWriteValues").text = "oneToClear"
    if values := block.values.get(f"{register.name}.{field.name}"):
        holder = ET.SubElement(element, "enumeratedValues")
        for name, value in values.items():
            entry = ET.SubElement(holder, "enumeratedValue")
            ET.SubElement(entry, "name").text = name
            ET.SubElement(entry, "value").text = str(value)
