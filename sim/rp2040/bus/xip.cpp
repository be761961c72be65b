#include "bus/xip.hpp"

#include <algorithm>
#include <utility>

#include "base/random.hpp"
#include "cpu/timing.hpp"
#include "regs/xip_ctrl.hpp"

namespace rp2040 {

namespace {
consteval std::uint32_t at(std::string_view name) { return regs::kXipCtrl.at(name); }
enum Register : std::uint32_t {
    CTRL = at("CTRL"),
    FLUSH = at("FLUSH"),
    STAT = at("STAT"),
    CTR_HIT = at("CTR_HIT"),
    CTR_ACC = at("CTR_ACC"),
    STREAM_ADDR = at("STREAM_ADDR"),
    STREAM_CTR = at("STREAM_CTR"),
    STREAM_FIFO = at("STREAM_FIFO"),
};
constexpr std::uint32_t kEnable = regs::kXipCtrl.mask("CTRL.EN"),
                        kErrBadWrite = regs::kXipCtrl.mask("CTRL.ERR_BADWRITE"),
                        kPowerDown = regs::kXipCtrl.mask("CTRL.POWER_DOWN");
constexpr std::uint32_t kNonAllocating = 1u << 24, kNonCacheable = 1u << 25;
constexpr Cycles kStreamCooldown = 7;  // between stream reads: datasheet 2.6.3.4

std::uint32_t saturate(std::uint64_t counter) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(counter, 0xffffffff));
}

/// The way that a line loses to a new one (docs/timing.md). Each set has a sequence of its own: what one set replaces
/// does not depend on what others did before, of which an engine may know the order less exactly than this one.
unsigned draw_way(XipState::Set& set, std::uint32_t index) {
    std::uint64_t seed = std::uint64_t{index} << 16 | set.drawn++;
    return next_random(seed) >> 63;
}
}  // namespace

Xip::Xip(Fabric& fabric, Flash& flash, Ssi& ssi)
    : StatefulPeripheral(regs::kXipCtrl, fabric), flash_(flash), ssi_(ssi), cached_(kLines + 1) {
    fabric.events().bind(EventId::xip_stream, this,
                         [](void* self, Cycles when) { static_cast<Xip*>(self)->stream_due(when); });
}

/// Puts the word at `address` into the cache: into its line, if that is there, or a new one.
void Xip::allocate(std::uint32_t address) {
    const std::uint32_t line = (address & 0xffffff) / kLineBytes;
    const std::uint32_t index = line % XipState::kSets;
    XipState::Set& set = s_.sets[index];
    unsigned way = set.tag[1] == line + 1 ? 1 : 0;
    if (set.tag[way] != line + 1) {
        way = set.tag[0] == 0 ? 0 : set.tag[1] == 0 ? 1 : draw_way(set, index);
        if (set.tag[way] != 0) note(set.tag[way] - 1, 0);
        set.tag[way] = line + 1;
        set.valid[way] = 0;
    }
    set.valid[way] |= static_cast<std::uint8_t>(word_bit(address) / kWord0);
    note(line, set.valid[way]);
}

/// Words of a line that accesses find from now on.
void Xip::note(std::uint32_t line, unsigned valid) {
    const auto words = static_cast<std::uint8_t>(valid * kWord0);
    if (std::exchange(cached_[line], words) != words && line_changed) line_changed(kXipBase + line * kLineBytes);
}

bool Xip::enabled() const { return (s_.ctrl & kEnable) != 0; }

Cycles Xip::miss(std::uint32_t address, Cycles now, BusMaster master, Cycles later) {
    const std::uint32_t line = (address & 0xffffff) / kLineBytes;
    Cycles start = std::max(now, s_.flush_until);
    if ((address & kNonCacheable) == 0 && (cached_[line] & word_bit(address)) != 0) {
        ++s_.hits;
        return start - now;
    }
    ++s_.misses;
    start = std::max(start, s_.stream_until);
    const Cycles overhead = (address & kNonCacheable) != 0 ? timing::kXipUncached : timing::kXipOverhead;
    Cycles taken = start - now + ssi_.xip_transfer_cycles(timing::kXipWordBits, start, start + later, overhead);
    taken += crossbar_->prolong(master, now, Port::xip_main, taken);
    if (enabled() && (address & kNonAllocating) == 0) allocate(address);
    s_.miss_until = std::max(s_.miss_until, now + taken);
    if (is_core(master)) {
        ++losses_.misses;
        losses_.stalls += taken;
    }
    return taken;
}

bool Xip::write_flash(std::uint32_t address) {
    if ((address & (kNonAllocating | kNonCacheable)) != 0) return (s_.ctrl & kErrBadWrite) == 0;
    const std::uint32_t line = (address & 0xffffff) / kLineBytes;
    XipState::Set& set = s_.sets[line % XipState::kSets];
    for (unsigned way = 0; way < 2; ++way)
        if (set.tag[way] == line + 1) set.tag[way] = set.valid[way] = 0;
    note(line, 0);
    return true;
}

void Xip::flush(Cycles now) {
    forget_lines();
    s_.sets = {};
    s_.flush_until = now + timing::kXipFlush;
}

void Xip::forget_lines() {
    for (const XipState::Set& set : s_.sets)
        for (std::uint32_t tag : set.tag)
            if (tag != 0) note(tag - 1, 0);
}

void Xip::index_lines() {
    if (!enabled()) return;
    for (const XipState::Set& set : s_.sets)
        for (unsigned way = 0; way < 2; ++way)
            if (set.tag[way] != 0) note(set.tag[way] - 1, set.valid[way]);
}

void Xip::reset() {
    const auto ram = s_.ram;  // neither flush nor reset clears the data memory
    flush(now());
    s_ = XipState{};
    s_.ram = ram;
    fabric_.events().cancel(EventId::xip_stream);
}

void Xip::restore(StateReader& in) {
    flush(0);
    StatefulPeripheral::restore(in);
    index_lines();
}

std::uint32_t Xip::peek(std::uint32_t offset) {
    switch (offset) {
        case CTRL: return s_.ctrl;
        case FLUSH: return 0;
        case STAT:
            return (s_.fifo_level == 2 ? 4u : 0u) | (s_.fifo_level == 0 ? 2u : 0u) |
                   (now() >= s_.flush_until ? 1u : 0u);
        case CTR_HIT: return saturate(hits());
        case CTR_ACC: return saturate(accesses());
        case STREAM_ADDR: return s_.stream_address;
        case STREAM_CTR: return s_.stream_count;
        case STREAM_FIFO: return s_.fifo_level != 0 ? s_.fifo[0] : 0;
        default: unmodelled(offset, false);
    }
}

std::uint32_t Xip::read(std::uint32_t offset) { return offset == STREAM_FIFO ? pop_stream() : peek(offset); }

void Xip::write(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case CTRL:
            s_.ctrl = value & (kEnable | kErrBadWrite | kPowerDown);
            if ((s_.ctrl & kPowerDown) != 0) s_.ctrl &= ~kEnable;
            forget_lines();
            index_lines();
            break;
        case FLUSH:
            if ((value & 1) != 0) flush(now());
            break;
        case STAT: break;
        case CTR_HIT: s_.cleared_hits = s_.hits; break;
        case CTR_ACC: s_.cleared_accesses = s_.hits + s_.misses; break;
        case STREAM_ADDR: s_.stream_address = value & ~3u; break;
        case STREAM_CTR:
            s_.stream_count = value & 0x3fffff;
            schedule_stream(now());
            break;
        case STREAM_FIFO: break;
        default: unmodelled(offset, true);
    }
}

std::uint32_t Xip::pop_stream() {
    if (s_.fifo_level == 0) return 0;
    const std::uint32_t word = s_.fifo[0];
    s_.fifo[0] = s_.fifo[1];
    --s_.fifo_level;
    fabric_.set_dreq(Dreq::xip_stream, s_.fifo_level);
    if (s_.stream_count != 0 && fabric_.events().due(EventId::xip_stream) == kNever) schedule_stream(now());
    return word;
}

void Xip::schedule_stream(Cycles from) {
    if (s_.stream_count == 0) {
        fabric_.events().cancel(EventId::xip_stream);
        return;
    }
    const Cycles start = std::max({from + kStreamCooldown, s_.stream_until, s_.miss_until});
    s_.stream_until = start + ssi_.xip_transfer_cycles(timing::kXipWordBits, start, start, timing::kXipOverhead);
    fabric_.events().schedule(EventId::xip_stream, s_.stream_until);
}

void Xip::stream_due(Cycles when) {
    if (s_.stream_count == 0 || s_.fifo_level == s_.fifo.size()) return;
    std::uint32_t word = 0;
    for (unsigned byte = 0; byte < 4; ++byte)
        word |= static_cast<std::uint32_t>(flash_.read(s_.stream_address + byte)) << (8 * byte);
    s_.fifo[s_.fifo_level++] = word;
    s_.stream_address += 4;
    --s_.stream_count;
    fabric_.set_dreq(Dreq::xip_stream, s_.fifo_level);
    if (s_.fifo_level < s_.fifo.size()) schedule_stream(when);
}

}  // namespace rp2040
