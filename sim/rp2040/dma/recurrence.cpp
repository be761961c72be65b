// Transfers between PIO FIFOs and memory that go on as they went (stream.hpp).
#include <algorithm>
#include <vector>

#include "dma/dma.hpp"
#include "dma/fields.hpp"
#include "regs/pio.hpp"

namespace rp2040 {

using namespace dma;

namespace {
constexpr Cycles late(Cycles when, Cycles now) { return when > now ? when - now : 0; }

constexpr bool in_fifo(std::uint32_t address) {
    const std::uint32_t base = address & ~0x3fffu, offset = address & 0x3fff;
    return (base == kPio0Base || base == kPio1Base) && offset >= regs::kPio.at("TXF0") && offset < regs::kPio.at("IRQ");
}

/// The range in which an address that is counted up may lie: memory whose banks take turns.
constexpr bool in_stripes(std::uint32_t address) { return address - kSramBase < kSramBanksSize; }

/// Transfers after which an address has left its range; as many as there may be if it never does.
std::uint32_t room(std::uint32_t address, std::uint32_t ctrl, bool is_write) {
    if (!in_stripes(address)) return 0;
    if ((ctrl & (is_write ? kIncrWrite : kIncrRead)) == 0 || ring_bytes(ctrl, is_write) != 0) return ~0u;
    return (kSramBanksSize - (address - kSramBase)) / bytes(ctrl);
}
}  // namespace

bool Dma::recurs(const DmaState& before, Cycles then, Cycles now) const {
    if (recorder_ != nullptr || timers_run_ || !clocked() || s_.words != before.words || s_.level != before.level ||
        s_.next_high != before.next_high || s_.next_low != before.next_low || s_.intr != before.intr)
        return false;
    if (s_.reading.under_way || s_.writing.under_way || s_.finished != before.finished) return false;
    for (unsigned n = 0; n < s_.words; ++n) {
        const DmaState::Word &a = before.word[n], &b = s_.word[n];
        if (a.channel != b.channel || b.last || late(a.due, then) != late(b.due, now)) return false;
        // What a FIFO has given is written as often as it comes.
        if (in_fifo(s_.channel[b.channel].read_addr) && a.data != b.data) return false;
    }
    if (late(before.read_free, then) != late(s_.read_free, now) ||
        late(before.write_free, then) != late(s_.write_free, now))
        return false;
    for (unsigned i = 0; i < kDmaChannels; ++i) {
        const Channel &a = before.channel[i], &b = s_.channel[i];
        if (a.busy != b.busy || a.ctrl != b.ctrl) return false;
        if (!b.busy) continue;
        const std::uint32_t done = a.unread - b.unread, size = bytes(b.ctrl);
        if (a.in_flight != b.in_flight || a.credits != b.credits || done != a.trans_count - b.trans_count) return false;
        if (done != 0 && late(a.ready, then) != late(b.ready, now)) return false;
        if (b.read_addr != advance(a.read_addr, a.ctrl, false, done * size) ||
            b.write_addr != advance(a.write_addr, a.ctrl, true, done * size))
            return false;
        // Banks are met in the same order.
        if (((a.read_addr ^ b.read_addr) | (a.write_addr ^ b.write_addr)) & 0xf) return false;
    }
    return true;
}

std::uint64_t Dma::repeats(const DmaState& before, Cycles now, Cycles period, Cycles until) const {
    constexpr std::uint64_t endless = ~std::uint64_t{0};
    std::uint64_t most = endless;
    const std::uint64_t time = (until - now) / period;
    for_busy([&](unsigned i) {
        const Channel &a = before.channel[i], &c = s_.channel[i];
        const std::uint32_t done = a.unread - c.unread;
        if (done == 0) return;
        const bool sends = in_fifo(c.write_addr), takes = in_fifo(c.read_addr);
        const std::uint32_t sniffed = (s_.sniffer.ctrl & 1) != 0 ? c.ctrl & kSniffEn : 0, size = bytes(c.ctrl);
        std::uint32_t left = 0;
        if (sends != takes && sniffed == 0 && a.unread > c.unread)
            left = sends ? room(c.read_addr, c.ctrl, false) : room(c.write_addr, c.ctrl, true);
        if ((c.ctrl & (sends ? kIncrWrite : kIncrRead)) != 0) left = 0;
        // What a period has brought must still be there.
        if (const std::uint32_t ring = ring_bytes(c.ctrl, true); takes && ring != 0 && ring < done * size) left = 0;
        left = std::min(left, c.unread - 1);
        const std::uint64_t settling = (kToSettle + done - 1) / done;
        most =
            std::min({most, std::uint64_t{left - std::min(left, kToSettle)} / done, time - std::min(time, settling)});
    });
    return most == endless ? 0 : most;
}

void Dma::repeat(const DmaState& before, Cycles period, std::uint64_t times) {
    const Cycles skipped = period * times;
    for_busy([&](unsigned i) {
        Channel& c = s_.channel[i];
        const std::uint32_t size = bytes(c.ctrl), done = before.channel[i].unread - c.unread;
        if (done == 0) return;
        const auto words = static_cast<std::uint32_t>(done * times);
        if (in_fifo(c.read_addr)) {
            // A ring keeps the last of them.
            const std::uint32_t ring = ring_bytes(c.ctrl, true) / size;
            const bool counts = (c.ctrl & kIncrWrite) != 0;
            std::vector<std::uint32_t> last(done);
            for (std::uint32_t n = 0; n < done; ++n)
                fabric_.bus_read(Master::dma, advance(c.write_addr, c.ctrl, true, (n - done) * size), size, last[n]);
            const std::uint32_t from = counts && ring != 0 ? words - std::min(words, ring) : counts ? 0 : words;
            for (std::uint32_t n = from; n < words; ++n)
                fabric_.bus_write(Master::dma, advance(c.write_addr, c.ctrl, true, n * size), size, last[n % done]);
        }
        c.read_addr = advance(c.read_addr, c.ctrl, false, words * size);
        c.write_addr = advance(c.write_addr, c.ctrl, true, words * size);
        c.unread -= words;
        c.trans_count -= words;
        c.ready += skipped;
    });
    for (auto& word : s_.word) word.due += skipped;
    s_.read_free += skipped;
    s_.write_free += skipped;
    for (auto& timer : s_.timer) timer.at += skipped;
    fabric_.events().schedule(EventId::dma, fabric_.events().due(EventId::dma) + skipped);
}

}  // namespace rp2040
