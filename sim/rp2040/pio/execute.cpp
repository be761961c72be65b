// PIO instructions (datasheet 3.4).
#include "pio/execute.hpp"

#include "dma/dma.hpp"

namespace rp2040 {

using namespace pio;

bool Pio::shift_in(PioMachine& m, unsigned index, std::uint32_t data, unsigned bits) {
    const std::uint32_t isr = shifted_in(m.isr, data, bits, (m.shiftctrl & kInRight) != 0);
    const unsigned count = m.isr_count + bits > 32 ? 32 : m.isr_count + bits;
    if ((m.shiftctrl & kAutopush) != 0 && count >= push_threshold(m.shiftctrl)) {
        if (m.rx.full()) {
            s_.fdebug |= 1u << index;  // RXSTALL
            m.stall = PioStall::rx_full;
            return false;
        }
        m.rx.push(isr);
        m.isr = 0;
        m.isr_count = 0;
        if (sink_ != nullptr) [[unlikely]]
            sink_->take_word(rx_dreq(index), m.rx.pop(), m.next >> 8);
        else
            rx_changed(index);
        return true;
    }
    m.isr = isr;
    m.isr_count = static_cast<std::uint8_t>(count);
    return true;
}

bool Pio::push(PioMachine& m, unsigned index, const PioInstruction& in) {
    if ((in.flags & PioFlag::if_threshold) != 0 && m.isr_count < push_threshold(m.shiftctrl)) return true;
    if (m.rx.full()) {
        s_.fdebug |= 1u << index;  // RXSTALL, also when the word is dropped
        if ((in.flags & PioFlag::block) != 0) {
            m.stall = PioStall::rx_full;
            return false;
        }
    } else {
        m.rx.push(m.isr);
        rx_changed(index);
    }
    m.isr = 0;
    m.isr_count = 0;
    return true;
}

bool Pio::pull(PioMachine& m, unsigned index, const PioInstruction& in) {
    const bool empty = m.osr_count >= pull_threshold(m.shiftctrl);
    const bool autopull = (m.shiftctrl & kAutopull) != 0;
    // With autopull a PULL is a fence: it does nothing unless the OSR has run empty (datasheet 3.4.7).
    if (!empty && (autopull || (in.flags & PioFlag::if_threshold) != 0)) return true;
    if (m.tx.empty()) {
        if ((in.flags & PioFlag::block) != 0) {
            s_.fdebug |= 1u << (24 + index);  // TXSTALL
            m.stall = PioStall::tx_empty;
            return false;
        }
        m.osr = m.x;
    } else {
        m.osr = m.tx.pop();
        tx_changed(index);
    }
    m.osr_count = 0;
    return true;
}

void Pio::refill(PioMachine& m, unsigned index) {
    if (m.osr_count < pull_threshold(m.shiftctrl) || m.tx.empty()) return;
    m.osr = m.tx.pop();
    m.osr_count = 0;
    tx_changed(index);
}

bool Pio::out(PioMachine& m, unsigned index, const PioInstruction& in, Effects& fx, bool& advance) {
    const bool autopull = (m.shiftctrl & kAutopull) != 0;
    if (autopull && m.osr_count >= pull_threshold(m.shiftctrl)) {
        // An empty OSR cannot be filled and shifted in one cycle (datasheet 3.5.4.2).
        if (m.tx.empty()) {
            s_.fdebug |= 1u << (24 + index);  // TXSTALL
            m.stall = PioStall::tx_empty;
        } else {
            refill(m, index);
        }
        return false;
    }
    const unsigned bits = in.operand;
    const std::uint32_t data = shift_out(m.osr, bits, (m.shiftctrl & kOutRight) != 0);
    m.osr_count = static_cast<std::uint8_t>(m.osr_count + bits > 32 ? 32 : m.osr_count + bits);
    if (autopull) refill(m, index);
    switch (in.op) {
        case PioOp::out_pins: write_pins(m, data, fx, (m.execctrl & kInlineOutEn) != 0); break;
        case PioOp::out_x: m.x = data; break;
        case PioOp::out_y: m.y = data; break;
        case PioOp::out_pindirs: write_dirs(m, data, fx); break;
        case PioOp::out_pc:
            m.pc = data & 31;
            advance = false;
            break;
        case PioOp::out_isr:
            m.isr = data;
            m.isr_count = static_cast<std::uint8_t>(bits);
            break;
        case PioOp::out_exec:
            m.exec = static_cast<std::uint16_t>(data);
            m.exec_pending = true;
            break;
        default: break;  // OUT NULL
    }
    return true;
}

/// STATUS is all ones while a FIFO holds fewer than STATUS_N words.
bool Pio::status(const PioMachine& m) {
    return ((m.execctrl & kStatusOfRx) != 0 ? m.rx.count : m.tx.count) < status_n(m.execctrl);
}

std::uint32_t Pio::mov_source(const PioMachine& m, const PioInstruction& in, Cycles cycle) const {
    std::uint32_t v = 0;
    switch (in.mask) {
        case 0: v = read_pins(m, cycle); break;
        case 1: v = m.x; break;
        case 2: v = m.y; break;
        case 3: break;
        case 5: v = status(m) ? ~0u : 0; break;
        case 6: v = m.isr; break;
        default: v = m.osr; break;
    }
    return moved(v, in.value);
}

void Pio::mov(PioMachine& m, const PioInstruction& in, Cycles cycle, Effects& fx, bool& advance) {
    const std::uint32_t v = mov_source(m, in, cycle);
    switch (in.operand) {
        case 0: write_pins(m, v, fx, false); break;
        case 1: m.x = v; break;
        case 2: m.y = v; break;
        case 4:
            m.exec = static_cast<std::uint16_t>(v);
            m.exec_pending = true;
            break;
        case 5:
            m.pc = v & 31;
            advance = false;
            break;
        case 6:
            m.isr = v;
            m.isr_count = 0;
            break;
        default:
            m.osr = v;
            m.osr_count = 0;
            break;
    }
}

}  // namespace rp2040
