#include "stream.hpp"

#include <algorithm>

namespace rp2040 {

namespace {
constexpr Cycles kWorthwhile = 2048;  ///< Before anything else comes: else no state is kept.
/// Transfers in which the state is looked for. Programs that do not ask what their words are come back to it with a
/// word or a few.
constexpr unsigned kLooks = 256;
}  // namespace

void Stream::begin(Cycles now, Cycles limit) {
    const Cycles until = std::min(limit, events_.next_beside(EventId::pio0, EventId::pio1, EventId::dma));
    looks_ = 0;
    given_up_until_ = until;
    if (until < now + kWorthwhile || pio0_.enabled() == pio1_.enabled()) return;
    Pio& pio = pio0_.enabled() ? pio0_ : pio1_;
    if (auto state = pio.begin_stream(now)) anchor_ = {&pio, until, *state, dma_.state()};
}

bool Stream::pass_over(Cycles limit) {
    const Cycles next = events_.next(), now = events_.due(EventId::dma);
    // A state is that before an event of the DMA: PIO's of the same cycle are over.
    const bool comparable = now == next && events_.due(EventId::pio0) > now && events_.due(EventId::pio1) > now;
    if (!anchor_) {
        if (comparable && now >= given_up_until_) begin(now, limit);
        return anchor_.has_value();
    }
    if (next >= anchor_->until || ++looks_ > kLooks) {
        anchor_.reset();
        return false;
    }
    const Pio::Recurrence& before = anchor_->pio_state;
    if (!comparable || !dma_.recurs(anchor_->dma_state, before.cycle, now) || !anchor_->pio->stream_recurs(before, now))
        return true;
    const Cycles period = now - before.cycle;
    if (const std::uint64_t times = dma_.repeats(anchor_->dma_state, now, period, anchor_->until); times != 0) {
        dma_.repeat(anchor_->dma_state, period, times);
        anchor_->pio->repeat_stream(before, now, times * period);
        events_.pass_to(events_.now() + times * period);
    }
    anchor_.reset();
    return false;
}

}  // namespace rp2040
