"""Registers of the RP2040 that the generated C uses, from the chip's description."""

from __future__ import annotations

from emberwatch import chip

_WORD = 2  # DATA_SIZE of 32 bits


def dma_channels() -> int:
    """How many DMA channels there are."""
    return chip.block("dma").register("CH%_CTRL_TRIG").count


def burst_registers() -> dict[str, str]:
    """What reading flash in bursts by DMA takes: addresses, offsets and values, as C numbers without a suffix."""
    ssi, xip, dma, dreqs = chip.block("ssi"), chip.block("xip_ctrl"), chip.block("dma"), chip.load().dreqs
    control = dma.register("CH%_CTRL_TRIG")

    def bits(name: str, value: int = 1) -> int:
        return value << dma.field(f"CH%_CTRL_TRIG.{name}").lsb

    values = {
        "flash": chip.memory("flash").base >> 24,
        "ssi_enable": ssi.address("SSIENR"),
        "ssi_frames": ssi.address("CTRLR1"),
        "ssi_dma": ssi.address("DMACR"),
        "ssi_receive": ssi.field("DMACR.RDMAE").mask,
        "ssi_data": ssi.address("DR%"),
        "ssi_spi": ssi.address("SPI_CTRLR0"),
        "ssi_instruction": ssi.field("SPI_CTRLR0.INST_L").mask,
        "stream_address": xip.address("STREAM_ADDR"),
        "stream_count": xip.address("STREAM_CTR"),
        "stream_data": chip.memory("xip_aux").base,
        "dma": dma.base,
        "dma_stride": control.stride,
        "dma_read": dma.offset("CH%_READ_ADDR"),
        "dma_write": dma.offset("CH%_WRITE_ADDR"),
        "dma_count": dma.offset("CH%_TRANS_COUNT"),
        "dma_ctrl": dma.offset("CH%_CTRL_TRIG"),
        "dma_busy": bits("BUSY"),
        "dma_chain": bits("CHAIN_TO"),
        "dma_control": bits("EN") | bits("INCR_WRITE") | bits("DATA_SIZE", _WORD),
        "dma_swap": bits("BSWAP"),
        "dma_ssi": bits("TREQ_SEL", dreqs.index("XIP_SSIRX")),
        "dma_stream": bits("TREQ_SEL", dreqs.index("XIP_STREAM")),
    }  # fmt: skip
    return {name: f"{value:#x}" for name, value in values.items()}


def core1_registers() -> dict[str, str]:
    """What starting core 1 takes, as C numbers without a suffix."""
    sio, scb = chip.block("sio"), chip.block("scb")
    values = {
        "fifo_status": sio.address("FIFO_ST"),
        "fifo_valid": sio.field("FIFO_ST.VLD").mask,
        "fifo_ready": sio.field("FIFO_ST.RDY").mask,
        "fifo_write": sio.address("FIFO_WR"),
        "fifo_read": sio.address("FIFO_RD"),
        "vector_table": scb.address("VTOR"),
    }
    return {name: f"{value:#x}" for name, value in values.items()}
