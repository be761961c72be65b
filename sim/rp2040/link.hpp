// Several chips on one bench: pins wired to pins, one clock for all.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "chip.hpp"

namespace rp2040 {

/// One end of a wire: hears what its chip drives, and drives what the other end has heard.
class WireEnd final : public Device {
  public:
    struct Change {
        std::uint64_t ps;
        Gpio::Drive drive;
    };
    explicit WireEnd(std::string name) : name_(std::move(name)) {}
    [[nodiscard]] std::string_view name() const override { return name_; }
    [[nodiscard]] std::vector<std::string_view> lines() const override { return {"pin"}; }
    [[nodiscard]] std::uint32_t watched_lines() const override { return 1; }
    void line_changed(unsigned, bool, Cycles when) override { hear(when); }
    /// What its chip has driven since the last call.
    [[nodiscard]] std::vector<Change> take();
    void save(StateWriter& out) const override { out.put(heard_); }
    void restore(StateReader& in) override { in.get(heard_); }

  private:
    void hear(Cycles when);
    std::string name_;
    Gpio::Drive heard_ = Gpio::Drive::released;
    std::vector<Change> changes_;
};

/// Runs chips side by side. A change needs `latency` from one end of a wire to the other, and no chip is ever further
/// ahead of another than that: so what happens does not depend on who runs first.
class Link {
  public:
    /// `latency` in picoseconds, more than 0.
    explicit Link(std::uint64_t latency) : latency_(latency) {}
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;
    struct End {
        std::size_t chip;
        unsigned pin;
    };
    /// Adds a chip; all must be at the same time. Chips must outlive the link.
    void add(Chip& chip);
    /// Wires two pins of different chips; throws std::invalid_argument for an end that does not exist.
    void wire(End one, End other);
    struct Result {
        std::size_t chip;
        Stop stop;
    };
    /// Runs all until the chip `leader` has reached cycle `limit`, or one has another reason to stop.
    Result run(std::size_t leader, Cycles limit);

  private:
    void exchange();
    struct Wire {
        std::unique_ptr<WireEnd> ends[2];
    };
    std::uint64_t latency_, barrier_ = 0;
    std::vector<Chip*> chips_;
    std::vector<Wire> wires_;
};

}  // namespace rp2040
