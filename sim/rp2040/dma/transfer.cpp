// Transfers of the DMA, cycle by cycle (datasheet 2.5.1 to 2.5.3).
#include <algorithm>

#include "base/scope.hpp"
#include "bus/memory_map.hpp"
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

constexpr bool is_pulsed(unsigned treq) { return is_timer(treq) || (treq >= kTreqPwm0 && treq <= kTreqPwm7); }

constexpr std::uint32_t byte_swap(std::uint32_t v, unsigned bytes) {
    return bytes == 4 ? __builtin_bswap32(v) : bytes == 2 ? __builtin_bswap16(static_cast<std::uint16_t>(v)) : v;
}

/// The bus carries narrow data on all its byte lanes; a peripheral sees the whole word.
constexpr std::uint32_t replicate(std::uint32_t v, unsigned bytes) {
    return bytes == 1 ? (v & 0xff) * 0x01010101u : bytes == 2 ? (v & 0xffff) * 0x00010001u : v;
}

}  // namespace

void Dma::set_dreq(Dreq dreq, std::uint32_t transfers) {
    const auto source = static_cast<unsigned>(dreq);
    // The request's own cycle, then that of the read's address.
    const Cycles ready = now() + 2;
    if (is_pulsed(source)) {
        give_credit(source, transfers, ready);
    } else {
        if (s_.level[source] == transfers) return;
        if (source < kPioTreqs && (paced_by_pio_ >> source & 1) == 0) {  // no channel waits for it
            s_.level[source] = transfers;
            return;
        }
        std::uint32_t idle = 0;
        for_busy([&](unsigned i) {
            if (treq(s_.channel[i].ctrl) == source && !requested(s_.channel[i])) idle |= 1u << i;
        });
        s_.level[source] = transfers;
        for (; idle != 0; idle &= idle - 1) {
            Channel& c = s_.channel[static_cast<unsigned>(__builtin_ctz(idle))];
            if (requested(c)) c.ready = std::max(c.ready, ready);
        }
    }
    schedule();
}

void Dma::give_credit(unsigned source, std::uint32_t count, Cycles ready) {
    if (!clocked()) return;
    for_busy([&](unsigned i) {
        Channel& c = s_.channel[i];
        if (treq(c.ctrl) != source) return;
        if (c.credits == 0) c.ready = std::max(c.ready, ready);
        c.credits = std::min(c.credits + count, kMaxCredits);
    });
}

bool Dma::requested(const Channel& c) const {
    const unsigned source = treq(c.ctrl);
    if (source == kTreqPermanent) return true;
    if (is_pulsed(source)) return c.credits != 0;
    if (source >= s_.level.size()) return false;
    std::uint32_t committed = 0;
    if (((kTransmit >> source) & 1) != 0)
        for_busy([&](unsigned i) {
            if (treq(s_.channel[i].ctrl) == source) committed += s_.channel[i].in_flight;
        });
    return s_.level[source] > committed;
}

bool Dma::eligible(const Channel& c, Cycles now) const {
    return c.busy && (c.ctrl & kEn) != 0 && c.ready <= now && (c.unread != 0 ? requested(c) : c.trans_count == 0);
}

/// Pacing timers: X/Y requests per cycle, at most one (TIMER0..TIMER3).
void Dma::advance_timers(Cycles now) {
    if (!timers_run_) {
        for (auto& timer : s_.timer) timer.at = now;
        return;
    }
    for (unsigned i = 0; i < s_.timer.size(); ++i) {
        auto& timer = s_.timer[i];
        if (!timer.runs()) {
            timer.at = now;
            continue;
        }
        if (timer.at == now) continue;
        const Cycles first = timer.at + timer.cycles_to_pulse() + 1;
        if (const std::uint64_t pulses = timer.advance(now); pulses != 0)
            give_credit(kTreqTimer0 + i, static_cast<std::uint32_t>(std::min<std::uint64_t>(pulses, kMaxCredits)),
                        first);
    }
}

/// The pacing timers stand still meanwhile.
void Dma::clock_switches() {
    if (clocked()) return advance_timers(now());
    for (auto& timer : s_.timer) timer.at = now();
}

void Dma::set_timer(unsigned index, std::uint32_t value) {
    advance_timers(now());
    s_.timer[index].xy = value;
    s_.timer[index].phase = 0;
    note_timers();
}

void Dma::note_timers() {
    timers_run_ = std::any_of(s_.timer.begin(), s_.timer.end(), [](const auto& timer) { return timer.runs(); });
}

/// Next channel to issue a read: a round takes every ready high-priority channel, then one low-priority channel.
int Dma::pick(Cycles now) {
    std::uint32_t high = 0, low = 0;
    for_busy([&](unsigned i) {
        const Channel& c = s_.channel[i];
        if (c.unread != 0 && eligible(c, now)) ((c.ctrl & kHighPriority) != 0 ? high : low) |= 1u << i;
    });
    // The first of a set from `from` on, around the end: kDmaChannels if there is none.
    const auto first = [](std::uint32_t set, unsigned from) {
        const std::uint32_t later = set >> from << from;
        return set == 0 ? kDmaChannels : static_cast<unsigned>(__builtin_ctz(later != 0 ? later : set));
    };
    for (int round = 0; round < 2; ++round) {
        if (const std::uint32_t left = high >> s_.next_high << s_.next_high; left != 0) {
            const auto i = static_cast<unsigned>(__builtin_ctz(left));
            s_.next_high = i + 1;
            return static_cast<int>(i);
        }
        s_.next_high = 0;
        if (round == 1) break;
        if (const unsigned i = first(low, s_.next_low); i < kDmaChannels) {
            s_.next_low = (i + 1) % kDmaChannels;
            return static_cast<int>(i);
        }
    }
    return -1;
}

void Dma::step(Cycles now) {
    {
        const Scope scope(stepping_);
        advance_timers(now);
        if (s_.writing.under_way && s_.writing.due <= now) end_write(now);
        if (s_.words != 0 && s_.word[0].due <= now && s_.write_free <= now) begin_write(now);
        if (s_.reading.under_way && s_.reading.due <= now) end_read(now);
        complete_empty(now);
        if (s_.words < s_.word.size() && s_.read_free <= now) begin_read(now);
    }
    schedule();
}

/// Sequences of length zero complete without a transfer.
void Dma::complete_empty(Cycles now) {
    // One that ends may start another, which then takes its turn.
    for (unsigned i = 0; busy_ >> i != 0; ++i) {
        const Channel& c = s_.channel[i];
        if (c.busy && c.unread == 0 && c.in_flight == 0 && eligible(c, now)) finish(i, now + 1);
    }
}

void Dma::begin_read(Cycles now) {
    const int picked = pick(now);
    if (picked < 0) return;
    const auto index = static_cast<unsigned>(picked);
    Channel& c = s_.channel[index];
    const std::uint32_t address = c.read_addr & ~(bytes(c.ctrl) - 1);
    if (is_pulsed(treq(c.ctrl))) --c.credits;
    c.read_addr = advance(c.read_addr, c.ctrl, false, bytes(c.ctrl));
    --c.unread;
    ++c.in_flight;
    if (recorder_ != nullptr) recorder_->record(now, signal::kDmaTransfer + index, 1);
    const Cycles end = now + bus_->access(now, address, false);
    s_.reading = {true, c.unread == 0, static_cast<std::uint8_t>(index), address, end};
    s_.read_free = end + 1;
    if (end == now) end_read(now);
}

void Dma::end_read(Cycles now) {
    const DmaState::Access access = s_.reading;
    s_.reading.under_way = false;
    const unsigned index = access.channel;
    Channel& c = s_.channel[index];
    const unsigned size = bytes(c.ctrl);
    std::uint32_t value = 0;
    if (!fabric_.bus_read(Master::dma, access.address, size, value)) {
        c.read_addr = access.address;
        fail(index, kReadError);
        return;
    }
    if ((c.ctrl & kBswap) != 0) value = byte_swap(value, size);
    const auto& sniffer = s_.sniffer;
    if ((sniffer.ctrl & 1) != 0 && (c.ctrl & kSniffEn) != 0 && ((sniffer.ctrl >> 1) & 0xf) == index) {
        const std::uint32_t seen = (sniffer.ctrl & (1u << 9)) != 0 ? byte_swap(value, size) : value;
        s_.sniffer.data = sniff(sniffer.data, static_cast<SniffCalc>((sniffer.ctrl >> 5) & 0xf), seen, size);
    }
    s_.word[s_.words++] = {access.last, access.channel, value, now + 2};
}

void Dma::begin_write(Cycles now) {
    const DmaState::Word& word = s_.word[0];
    const Channel& c = s_.channel[word.channel];
    const std::uint32_t address = c.write_addr & ~(bytes(c.ctrl) - 1);
    const Cycles end = now + bus_->access(now, address, true);
    s_.writing = {true, word.last, word.channel, address, end};
    s_.write_free = end + 1;
    if (end == now) end_write(now);
}

void Dma::end_write(Cycles now) {
    const DmaState::Access access = s_.writing;
    s_.writing.under_way = false;
    const std::uint32_t data = s_.word[0].data;
    std::copy(s_.word.begin() + 1, s_.word.begin() + s_.words--, s_.word.begin());
    Channel& c = s_.channel[access.channel];
    const unsigned size = bytes(c.ctrl);
    c.write_addr = advance(c.write_addr, c.ctrl, true, bytes(c.ctrl));
    --c.trans_count;
    // The write itself may reprogram or trigger this or another channel, so this one's books are closed first;
    // only the DREQ accounting must wait until the peripheral has counted the word.
    const bool ok = fabric_.bus_write(Master::dma, access.address, size, replicate(data, size));
    if (!c.busy) return;  // It has aborted its own channel, or a read has failed since.
    --c.in_flight;
    if (!ok) {
        c.write_addr = access.address;
        fail(access.channel, kWriteError);
    } else if (access.last) {
        finish(access.channel, now + 1);
    }
}

bool Dma::finish_word(Cycles before) {
    if (!clocked() || busy_ == 0 || (busy_ & (busy_ - 1)) != 0 || timers_run_ || recorder_ != nullptr) return false;
    const Channel& c = s_.channel[static_cast<unsigned>(__builtin_ctz(busy_))];
    const unsigned source = treq(c.ctrl);
    if (source >= s_.level.size() || s_.level[source] != 0 || is_pulsed(source)) return false;
    if (s_.words != 1 || s_.word[0].last || s_.reading.under_way || s_.writing.under_way) return false;
    const Cycles when = std::max(s_.word[0].due, s_.write_free);
    if (when >= before || c.write_addr - kSramBase >= kSramSize) return false;
    begin_write(when);
    schedule();
    return !s_.writing.under_way;
}

std::uint32_t Dma::words_to_take(Dreq dreq, std::uint32_t address) const {
    const auto source = static_cast<unsigned>(dreq);
    const Channel* waits = nullptr;
    for (const Channel& c : s_.channel) {
        if (!c.busy || treq(c.ctrl) != source) continue;
        if (waits != nullptr) return 0;
        waits = &c;
    }
    const bool idle = s_.words == 0 && !s_.reading.under_way && !s_.writing.under_way && recorder_ == nullptr;
    if (waits == nullptr || !idle || !clocked() || s_.level[source] != 0) return 0;
    const Channel& c = *waits;
    const bool sniffed = (s_.sniffer.ctrl & 1) != 0 && (c.ctrl & kSniffEn) != 0;
    if ((c.ctrl & kEn) == 0 || (c.ctrl & kIncrRead) != 0 || bytes(c.ctrl) != 4 || sniffed) return 0;
    if (c.read_addr != address || c.unread != c.trans_count || c.unread < 2) return 0;
    const std::uint32_t words = c.unread - 1, target = c.write_addr & ~3u, offset = target - kSramBase;
    const std::uint32_t ring = (c.ctrl & kRingSel) != 0 ? (1u << ring_bits(c.ctrl)) - 1 : 0;
    if (offset >= kSramSize || (offset | ring) >= kSramSize) return 0;
    return (c.ctrl & kIncrWrite) == 0 || ring != 0 ? words : std::min(words, (kSramSize - offset) / 4);
}

void Dma::take_word(Dreq dreq, std::uint32_t word, Cycles pushed) {
    const auto source = static_cast<unsigned>(dreq);
    const auto index =
        static_cast<unsigned>(std::find_if(s_.channel.begin(), s_.channel.end(),
                                           [source](const Channel& c) { return c.busy && treq(c.ctrl) == source; }) -
                              s_.channel.begin());
    Channel& c = s_.channel[index];
    // The FIFO's level is there in the cycle after, set_dreq() adds two; the write follows the read by as many.
    const Cycles read = pushed + 3, write = read + 2;
    const std::uint32_t target = c.write_addr & ~3u;
    bus_->access(read, c.read_addr, false);
    if ((c.ctrl & kBswap) != 0) word = byte_swap(word, 4);
    bus_->access(write, target, true);
    fabric_.bus_write(Master::dma, target, 4, word);
    c.write_addr = advance(c.write_addr, c.ctrl, true, bytes(c.ctrl));
    --c.trans_count;
    --c.unread;
    c.ready = read;
    s_.read_free = read + 1;
    s_.write_free = write + 1;
    s_.next_high = (c.ctrl & kHighPriority) != 0 ? index + 1 : 0;
    if ((c.ctrl & kHighPriority) == 0) s_.next_low = (index + 1) % kDmaChannels;
}

void Dma::delay(bool is_write, Cycles cycles) {
    (is_write ? s_.write_free : s_.read_free) += cycles;
    auto& access = is_write ? s_.writing : s_.reading;
    if (access.under_way)
        access.due += cycles;
    else if (!is_write && s_.words != 0)
        s_.word[s_.words - 1].due += cycles;
    if (moving_)
        due_ = next_move(stepped_ + 1);
    else
        schedule();
}

void Dma::schedule() {
    if (stepping_) return;
    if (const bool pending = busy_ != 0; pending != pending_) {
        pending_ = pending;
        bus_->transfers_pending(pending);
    }
    // What was to come in this cycle still does, when another block's event of the same cycle has changed a request.
    const Cycles earliest = fabric_.events().due(EventId::dma) <= now() ? now() : now() + 1;
    Cycles due = kNever;
    if (s_.reading.under_way) due = std::min(due, std::max(s_.reading.due, earliest));
    if (s_.writing.under_way)
        due = std::min(due, std::max(s_.writing.due, earliest));
    else if (s_.words != 0)
        due = std::min(due, std::max({s_.word[0].due, s_.write_free, earliest}));
    const bool room = s_.words < s_.word.size() && !s_.reading.under_way;
    for (std::uint32_t left = busy_; left != 0; left &= left - 1) {
        const Channel& c = s_.channel[static_cast<unsigned>(__builtin_ctz(left))];
        if ((c.ctrl & kEn) == 0) continue;
        const unsigned source = treq(c.ctrl);
        Cycles start = std::max({earliest, c.ready, s_.read_free});
        if (c.unread == 0) {
            if (c.in_flight != 0) continue;
        } else if (!room) {
            continue;  // The write that makes room has its own time.
        } else if (!requested(c)) {
            if (!is_timer(source)) continue;
            const auto& timer = s_.timer[source - kTreqTimer0];
            if (!timer.runs()) continue;
            start = std::max(start, timer.at + timer.cycles_to_pulse() + 1);
        }
        due = std::min(due, start);
    }
    if (!clocked()) due = kNever;
    if (fabric_.events().due(EventId::dma) != due) fabric_.events().schedule(EventId::dma, due);
}

}  // namespace rp2040
