// Transfers of the DMA, cycle by cycle (datasheet 2.5.1 to 2.5.3).
#include <algorithm>

#include "base/scope.hpp"
#include "dma/dma.hpp"
#include "dma/fields.hpp"

namespace rp2040 {

using namespace dma;

namespace {
/// DREQs that count free slots of a transmit FIFO; words under way to one have not filled their slots yet.
constexpr std::uint64_t bit(Dreq dreq) { return std::uint64_t{1} << static_cast<unsigned>(dreq); }
constexpr std::uint64_t kTransmit =
    bit(Dreq::pio0_tx0) | bit(Dreq::pio0_tx1) | bit(Dreq::pio0_tx2) | bit(Dreq::pio0_tx3) | bit(Dreq::pio1_tx0) |
    bit(Dreq::pio1_tx1) | bit(Dreq::pio1_tx2) | bit(Dreq::pio1_tx3) | bit(Dreq::spi0_tx) | bit(Dreq::spi1_tx) |
    bit(Dreq::uart0_tx) | bit(Dreq::uart1_tx) | bit(Dreq::i2c0_tx) | bit(Dreq::i2c1_tx) | bit(Dreq::xip_ssitx);

constexpr bool is_timer(unsigned treq) { return treq >= kTreqTimer0 && treq < kTreqPermanent; }
constexpr bool is_pulsed(unsigned treq) { return is_timer(treq) || (treq >= kTreqPwm0 && treq <= kTreqPwm7); }

constexpr std::uint32_t byte_swap(std::uint32_t v, unsigned bytes) {
    return bytes == 4 ? __builtin_bswap32(v) : bytes == 2 ? __builtin_bswap16(static_cast<std::uint16_t>(v)) : v;
}

/// The bus carries narrow data on all its byte lanes; a peripheral sees the whole word.
constexpr std::uint32_t replicate(std::uint32_t v, unsigned bytes) {
    return bytes == 1 ? (v & 0xff) * 0x01010101u : bytes == 2 ? (v & 0xffff) * 0x00010001u : v;
}

std::uint32_t advance(std::uint32_t address, std::uint32_t ctrl, bool is_write) {
    if ((ctrl & (is_write ? kIncrWrite : kIncrRead)) == 0) return address;
    const std::uint32_t next = address + bytes(ctrl);
    const unsigned ring = ring_bits(ctrl);
    if (ring == 0 || ((ctrl & kRingSel) != 0) != is_write) return next;
    const std::uint32_t mask = (1u << ring) - 1;
    return (address & ~mask) | (next & mask);
}

constexpr bool in_sram(std::uint32_t address) { return (address >> 24) == 0x20 || (address >> 24) == 0x21; }
}  // namespace

void Dma::set_dreq(Dreq dreq, std::uint32_t transfers) {
    const auto source = static_cast<unsigned>(dreq);
    if (is_pulsed(source)) {
        give_credit(source, transfers);
    } else {
        if (s_.level[source] == transfers) return;
        s_.level[source] = transfers;
    }
    schedule();
}

void Dma::give_credit(unsigned source, std::uint32_t count) {
    for (Channel& c : s_.channel)
        if (c.busy && treq(c.ctrl) == source) c.credits = std::min(c.credits + count, kMaxCredits);
}

bool Dma::requested(const Channel& c) const {
    const unsigned source = treq(c.ctrl);
    if (source == kTreqPermanent) return true;
    if (is_pulsed(source)) return c.credits != 0;
    if (source >= s_.level.size()) return false;
    std::uint32_t committed = 0;
    if (((kTransmit >> source) & 1) != 0)
        for (const Channel& other : s_.channel)
            if (other.in_flight != 0 && treq(other.ctrl) == source) committed += other.in_flight;
    return s_.level[source] > committed;
}

bool Dma::eligible(const Channel& c, Cycles now) const {
    return c.busy && (c.ctrl & kEn) != 0 && c.ready <= now && (c.unread != 0 ? requested(c) : c.trans_count == 0);
}

/// Pacing timers: X/Y requests per cycle, at most one (TIMER0..TIMER3).
void Dma::advance_timers(Cycles now) {
    for (unsigned i = 0; i < s_.timer.size(); ++i) {
        auto& timer = s_.timer[i];
        const std::uint64_t x = timer.xy >> 16, y = timer.xy & 0xffff;
        const Cycles elapsed = now - timer.at;
        timer.at = now;
        if (x == 0 || y == 0 || elapsed == 0) continue;
        std::uint64_t fired = elapsed;
        if (x < y) {
            const std::uint64_t total = timer.phase + x * elapsed;
            fired = total / y;
            timer.phase = static_cast<std::uint32_t>(total % y);
        }
        if (fired != 0) give_credit(kTreqTimer0 + i, static_cast<std::uint32_t>(std::min<std::uint64_t>(fired, 63)));
    }
}

void Dma::set_timer(unsigned index, std::uint32_t value) {
    advance_timers(now());
    s_.timer[index].xy = value;
    s_.timer[index].phase = 0;
}

/// Next channel to issue a read: a round takes every ready high-priority channel, then one low-priority channel.
int Dma::pick(Cycles now) {
    const auto ready = [&](unsigned i, bool high) {
        const Channel& c = s_.channel[i];
        return ((c.ctrl & kHighPriority) != 0) == high && c.unread != 0 && eligible(c, now);
    };
    for (int round = 0; round < 2; ++round) {
        for (unsigned i = s_.next_high; i < kDmaChannels; ++i)
            if (ready(i, true)) {
                s_.next_high = i + 1;
                return static_cast<int>(i);
            }
        s_.next_high = 0;
        if (round == 1) break;
        for (unsigned n = 0; n < kDmaChannels; ++n) {
            const unsigned i = (s_.next_low + n) % kDmaChannels;
            if (ready(i, false)) {
                s_.next_low = (i + 1) % kDmaChannels;
                return static_cast<int>(i);
            }
        }
    }
    return -1;
}

void Dma::step(Cycles now) {
    {
        const Scope scope(stepping_);
        advance_timers(now);
        if (s_.latch.full && s_.latch.due <= now) write_latched(now);
        complete_empty(now);
        if (!s_.latch.full && s_.read_free <= now) issue_read(now);
    }
    schedule();
}

/// Sequences of length zero complete without a transfer.
void Dma::complete_empty(Cycles now) {
    for (unsigned i = 0; i < kDmaChannels; ++i) {
        const Channel& c = s_.channel[i];
        if (c.unread == 0 && c.in_flight == 0 && eligible(c, now)) finish(i, now + 1);
    }
}

void Dma::issue_read(Cycles now) {
    const int picked = pick(now);
    if (picked < 0) return;
    const auto index = static_cast<unsigned>(picked);
    Channel& c = s_.channel[index];
    if (treq(c.ctrl) == kTreqPermanent && c.unread > 1) {
        copy_batch(index, now);
        if (s_.read_free > now) return;
    }
    const unsigned size = bytes(c.ctrl);
    const std::uint32_t address = c.read_addr & ~(size - 1);
    if (is_pulsed(treq(c.ctrl))) --c.credits;
    c.read_addr = advance(c.read_addr, c.ctrl, false);
    --c.unread;
    ++c.in_flight;
    if (recorder_ != nullptr) recorder_->record(now, signal::kDmaTransfer + index, 1);
    const bool last = c.unread == 0;
    const Cycles done = now + 1 + bus_->access(now, address, false);
    s_.read_free = done;
    std::uint32_t value = 0;
    if (!fabric_.bus_read(Master::dma, address, size, value)) {
        c.read_addr = address;
        fail(index, kReadError);
        return;
    }
    if ((c.ctrl & kBswap) != 0) value = byte_swap(value, size);
    const auto& sniffer = s_.sniffer;
    if ((sniffer.ctrl & 1) != 0 && (c.ctrl & kSniffEn) != 0 && ((sniffer.ctrl >> 1) & 0xf) == index) {
        const std::uint32_t seen = (sniffer.ctrl & (1u << 9)) != 0 ? byte_swap(value, size) : value;
        s_.sniffer.data = sniff(sniffer.data, static_cast<SniffCalc>((sniffer.ctrl >> 5) & 0xf), seen, size);
    }
    s_.latch = {true, last, static_cast<std::uint8_t>(index), value, std::max(done, s_.write_free)};
}

void Dma::write_latched(Cycles now) {
    const DmaState::Latch latch = s_.latch;
    s_.latch.full = false;
    Channel& c = s_.channel[latch.channel];
    const std::uint32_t ctrl = c.ctrl;
    const unsigned size = bytes(ctrl);
    const std::uint32_t address = c.write_addr & ~(size - 1);
    const Cycles done = now + 1 + bus_->access(now, address, true);
    s_.write_free = done;
    c.write_addr = advance(c.write_addr, ctrl, true);
    --c.trans_count;
    // The write itself may reprogram or trigger this or another channel, so this one's books are closed first;
    // only the DREQ accounting must wait until the peripheral has counted the word.
    const bool ok = fabric_.bus_write(Master::dma, address, size, replicate(latch.data, size));
    if (!c.busy) return;  // It has aborted its own channel.
    --c.in_flight;
    if (!ok) {
        c.write_addr = address;
        fail(latch.channel, kWriteError);
    } else if (latch.last) {
        finish(latch.channel, done);
    }
}

/// Copies between memories that nobody can watch: all but the last word at once, the time they take accounted.
void Dma::copy_batch(unsigned index, Cycles now) {
    Channel& c = s_.channel[index];
    const Cycles until = bus_->unobserved_until();
    if (until <= now + 2 || !in_sram(c.read_addr) || !in_sram(c.write_addr)) return;
    if ((s_.sniffer.ctrl & 1) != 0 && (c.ctrl & kSniffEn) != 0) return;
    for (const Channel& other : s_.channel)
        if (&other != &c && other.busy) return;
    const unsigned size = bytes(c.ctrl);
    const std::uint64_t count = std::min<std::uint64_t>(c.unread - 1, until - now - 1);
    for (std::uint64_t n = 0; n < count; ++n) {
        std::uint32_t value = 0;
        const std::uint32_t from = c.read_addr & ~(size - 1), to = c.write_addr & ~(size - 1);
        if (!in_sram(from) || !in_sram(to)) break;
        if (!fabric_.bus_read(Master::dma, from, size, value)) return fail(index, kReadError);
        if ((c.ctrl & kBswap) != 0) value = byte_swap(value, size);
        if (!fabric_.bus_write(Master::dma, to, size, replicate(value, size))) return fail(index, kWriteError);
        c.read_addr = advance(c.read_addr, c.ctrl, false);
        c.write_addr = advance(c.write_addr, c.ctrl, true);
        --c.unread;
        --c.trans_count;
        s_.read_free = now + n + 1;
    }
}

void Dma::delay(bool is_write, Cycles cycles) {
    if (is_write) {
        s_.write_free += cycles;
    } else {
        s_.read_free += cycles;
        if (s_.latch.full) s_.latch.due += cycles;
    }
    schedule();
}

void Dma::schedule() {
    if (stepping_) return;
    if (const bool pending = std::any_of(s_.channel.begin(), s_.channel.end(), [](const Channel& c) { return c.busy; });
        pending != pending_) {
        pending_ = pending;
        bus_->transfers_pending(pending);
    }
    const Cycles earliest = now() + 1;
    Cycles due = s_.latch.full ? std::max(s_.latch.due, earliest) : kNever;
    for (const Channel& c : s_.channel) {
        if (!c.busy || (c.ctrl & kEn) == 0) continue;
        const unsigned source = treq(c.ctrl);
        Cycles start = std::max({earliest, c.ready, s_.read_free, s_.latch.full ? s_.latch.due : Cycles{0}});
        if (c.unread == 0) {
            if (c.in_flight != 0) continue;
        } else if (!requested(c)) {
            if (!is_timer(source)) continue;
            const auto& timer = s_.timer[source - kTreqTimer0];
            const std::uint64_t x = timer.xy >> 16, y = timer.xy & 0xffff;
            if (x == 0 || y == 0) continue;
            const Cycles fire = timer.at + (x >= y ? 1 : (y - timer.phase + x - 1) / x);
            start = std::max(start, fire);
        }
        due = std::min(due, start);
    }
    if (fabric_.events().due(EventId::dma) != due) fabric_.events().schedule(EventId::dma, due);
}

}  // namespace rp2040
