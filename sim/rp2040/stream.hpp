// Words that go on and on between memory and a PIO block while both cores sleep.
#pragma once

#include <optional>

#include "dma/dma.hpp"
#include "pio/pio.hpp"

namespace rp2040 {

/// If the block and the DMA come back to a state in which they were, but for the words and where these lie, and nothing
/// else comes before some cycle, then what is between happens again and again: it is passed over, but for the last
/// words.
class Stream {
  public:
    Stream(Scheduler& events, Pio& pio0, Pio& pio1, Dma& dma) : events_(events), pio0_(pio0), pio1_(pio1), dma_(dma) {}
    /// Something else has happened, or may have.
    void forget() {
        anchor_.reset();
        given_up_until_ = 0;
    }
    /// To be called before the next event is run: nothing but events happens before cycle `limit`. Returns whether it
    /// looks for such a state, and wants to be called before each event.
    bool pass_over(Cycles limit);

  private:
    struct Anchor {
        Pio* pio;
        Cycles until;  ///< Nothing but PIO and DMA comes before.
        Pio::Recurrence pio_state;
        DmaState dma_state;
    };
    void begin(Cycles now, Cycles limit);

    Scheduler& events_;
    Pio &pio0_, &pio1_;
    Dma& dma_;
    std::optional<Anchor> anchor_;
    unsigned looks_ = 0;
    Cycles given_up_until_ = 0;
};

}  // namespace rp2040
