// Programs that go round and show nothing: no FIFO changes, no flag, and the pins that they ask stay as they are.
//
// Where it cannot be told what a program will do next (a jump to what it computes, an instruction that it makes), an
// event is due at each such place. If the block comes back to a state without having shown anything, and nothing has
// acted on it meanwhile, it will go on like that: no event is due until a register is written, a word is taken or a
// pin that it asks changes. What it does with its own pins is not lost: who looks brings the block up to date, as ever.
#include <algorithm>

#include "pio/fields.hpp"
#include "pio/pio.hpp"

namespace rp2040 {

namespace {
constexpr unsigned kPatience = 4;  ///< Events with nothing to show, after which a state is kept.
constexpr unsigned kMost = 512;    ///< Events in which the state is looked for.
}  // namespace

/// Something has acted on the block, or it has shown something.
void Pio::stir() {
    quiet_events_ = 0;
    quiet_since_.reset();
    s_.settled = false;
    s_.asked = 0;
}

/// Pins on whose levels it depends what the block does.
std::uint32_t Pio::asked_pins() const {
    std::uint32_t asked = 0;
    for (unsigned i = 0; i < 4; ++i) {
        const PioMachine& m = s_.sm[i];
        if (m.exec_pending) return kPinMask;
        if (!m.enabled) continue;
        PioDependence one = pio_dependence(code_[i], 1u << m.pc | 1u << pio::wrap_bottom(m.execctrl));
        if (one.on_code) one = pio_dependence(code_[i], ~0u);
        asked |= one.makes_code ? kPinMask : one.pins;
    }
    return asked;
}

/// Whether changes of pins are of nobody's interest, and nobody changes those that it asks but by a call.
bool Pio::may_settle(std::uint32_t asked) const {
    if (std::any_of(s_.sm.begin(), s_.sm.end(), [](const PioMachine& m) { return m.forced_pending; })) return false;
    return clocked() && (code_dirty_ | horizon_dirty_) == 0 && sink_ == nullptr && !any_sticky_ &&
           !pins_.awaited(function_) && !pins_.may_change(asked, function_, reached());
}

/// An event has come, and what is before cycle `now` has been done.
void Pio::note_quiet(Cycles now) {
    if (s_.settled || ++quiet_events_ < kPatience) return;
    if (quiet_since_) {
        s_.settled = recurs(*quiet_since_, now, kPioDependsOnAll, true) && may_settle(asked_);
        if (s_.settled) s_.asked = asked_;
        const bool renew = (quiet_events_ & (quiet_events_ - 1)) == 0;
        if (!s_.settled && !renew) return;
        quiet_since_.reset();
        if (s_.settled) return;
    } else if (quiet_events_ != kPatience) {
        return;
    }
    asked_ = asked_pins();
    if (quiet_events_ < kMost && may_settle(asked_)) quiet_since_ = state_at(now);
}

}  // namespace rp2040
