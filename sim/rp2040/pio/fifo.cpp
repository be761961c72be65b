// Words that come to the FIFOs of a PIO block from outside, and are taken from them.
#include "pio/fields.hpp"
#include "pio/pio.hpp"

namespace rp2040 {

using namespace pio;

/// Whether an event has come that has not been handled yet: the DMA's may come before it in a cycle.
bool Pio::event_due() const { return fabric_.events().due(event()) <= now(); }

/// Whether it is nothing to the machine, wherever it is, that a FIFO that is neither empty nor full gets or loses a
/// word: its events say that it has not come to take or give one, so it need not be brought up to date for that.
bool Pio::indifferent(unsigned index, const PioFifo& fifo) const {
    const PioMachine& m = s_.sm[index];
    return !fifo.empty() && !fifo.full() && m.stall != PioStall::tx_empty && m.stall != PioStall::rx_full &&
           !event_due() && (!unheard_ || levels_until() > now()) && !m.forced_pending && !m.exec_pending &&
           !asks_levels_[index] && (code_dirty_ | horizon_dirty_) == 0 && !s_.settled && clocked();
}

std::uint32_t Pio::pop_rx(unsigned index, Cycles t) {
    PioFifo& rx = s_.sm[index].rx;
    if (indifferent(index, rx)) {
        const std::uint32_t word = rx.pop();
        rx_changed(index);
        stir();
        return word;
    }
    pins_.catch_up(t);
    const std::uint32_t value = rx.word[rx.head];
    const bool empty = rx.empty();
    pins_.catch_up(t + 1);
    if (empty) {
        s_.fdebug |= 1u << (8 + index);  // RXUNDER
    } else {
        rx.pop();
        rx_changed(index);
        wake_stalled(PioStall::rx_full, t);
    }
    acted_on_fifo();
    return value;
}

/// A word for a machine that has others.
bool Pio::push_behind(unsigned index, std::uint32_t value) {
    PioFifo& tx = s_.sm[index].tx;
    if (!indifferent(index, tx)) return false;
    tx.push(value);
    tx_changed(index);
    stir();
    return true;
}

/// Whether the machine does nothing until a word comes, its side-set in others' cycles included.
bool Pio::waits_for_word(unsigned index) const {
    const PioMachine& m = s_.sm[index];
    if (!m.enabled || !m.asleep || m.stall != PioStall::tx_empty) return false;
    const std::uint32_t held = code_[index][m.pc].side_mask;
    for (unsigned i = 0; i < 4 && held != 0; ++i)
        if (i != index && s_.sm[i].enabled && (reach_[i] & held) != 0) return false;
    return true;
}

void Pio::push_tx(unsigned index, std::uint32_t value, Cycles t) {
    PioMachine& m = s_.sm[index];
    if (!silent_ || !waits_for_word(index)) pins_.catch_up(t + 1);
    if (m.tx.full()) {
        s_.fdebug |= 1u << (16 + index);  // TXOVER
    } else {
        m.tx.push(value);
        tx_changed(index);
        wake_stalled(PioStall::tx_empty, t);
        // With autopull an empty OSR takes the word at the next tick, whatever the machine is doing.
        if ((m.shiftctrl & kAutopull) != 0 && m.osr_count != 0) rouse(m, t);
    }
    acted_on_fifo();
}

/// A change of either join bit empties both FIFOs.
void Pio::join_fifos(unsigned index) {
    PioMachine& m = s_.sm[index];
    const bool tx = (m.shiftctrl & kJoinTx) != 0, rx = (m.shiftctrl & kJoinRx) != 0;
    m.tx.clear();
    m.rx.clear();
    m.tx.depth = rx ? 0 : tx ? 8 : 4;
    m.rx.depth = tx ? 0 : rx ? 8 : 4;
    tx_changed(index);
    rx_changed(index);
}

void Pio::tx_changed(unsigned index) {
    const PioFifo& tx = s_.sm[index].tx;
    fabric_.set_dreq(static_cast<Dreq>(8 * index_ + index), static_cast<std::uint32_t>(tx.depth - tx.count));
    if ((s_.inte[0] | s_.inte[1]) != 0) update_irq();
}

void Pio::rx_changed(unsigned index) {
    fabric_.set_dreq(rx_dreq(index), s_.sm[index].rx.count);
    if ((s_.inte[0] | s_.inte[1]) != 0) update_irq();
}

}  // namespace rp2040
