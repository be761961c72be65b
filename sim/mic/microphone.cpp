#include "mic/microphone.hpp"

#include <algorithm>
#include <stdexcept>

#include "rp2040/base/rate_counter.hpp"

namespace mic {

using Drive = rp2040::Gpio::Drive;

namespace {
constexpr std::uint64_t kPicoseconds = 1'000'000'000'000;
}

PdmMicrophone::PdmMicrophone(rp2040::Fabric& fabric, const Config& config)
    : fabric_(fabric), gpio_(fabric.gpio()), config_(config), modulator_(kFullScale, config.seed) {
    if (config.clock_pin >= rp2040::kPins || config.data_pin >= rp2040::kPins || config.clock_pin == config.data_pin) {
        throw std::invalid_argument("microphone pins must be two different pins of 0..29");
    }
    gpio_.attach(*this);
}

PdmMicrophone::~PdmMicrophone() { gpio_.detach(*this); }

std::uint64_t PdmMicrophone::sound_picoseconds() const {
    if (timebase_hz_ == 0) return fabric_.picoseconds(fabric_.events().now());
    return static_cast<std::uint64_t>(rp2040::Wide{bits_} * kPicoseconds / timebase_hz_);
}

void PdmMicrophone::push(const std::int32_t* samples, std::size_t count) {
    // A program that never clocks the microphone must not make the queue grow: the past cannot be heard any more.
    const std::uint64_t now = sound_picoseconds();
    sound_.queue().forget(static_cast<std::int64_t>(now / (1'000'000'000'000ull / kSampleRate)) - kTapsPerPhase);
    sound_.queue().push(samples, count);
}

void PdmMicrophone::set_fault(Fault fault) {
    fault_ = fault;
    const Drive drive = fault == Fault::stuck_low    ? Drive::low
                        : fault == Fault::stuck_high ? Drive::high
                                                     : Drive::released;
    gpio_.drive(config_.data_pin, drive, fabric_.events().now());
}

void PdmMicrophone::pin_changed(unsigned, bool level, rp2040::Cycles when) {
    if (level != (config_.channel == Channel::right)) return;  // released, and the line keeps its level
    last_ps_ = fabric_.picoseconds(when);
    const std::uint64_t index = bits_++;
    if (index == 0) first_ps_ = last_ps_;
    if (!given_.empty()) {
        const bool bit = given_.front();
        given_.pop_front();
        if (fault_ == Fault::none) gpio_.drive(config_.data_pin, bit ? Drive::high : Drive::low, when);
        return;
    }
    if (fault_ != Fault::none) return;
    const std::uint64_t heard_ps =
        timebase_hz_ == 0 ? last_ps_ : static_cast<std::uint64_t>(rp2040::Wide{index} * kPicoseconds / timebase_hz_);
    std::int64_t u = sound_.at(heard_ps);
    if (gain_q12_ != 4096 || offset_q23_ != 0) {
        u = ((u * gain_q12_) >> 12) + offset_q23_ * Interpolator::kUnitsPerSample;
    }
    const bool bit = modulator_.step(std::clamp(u, -kFullScale, kFullScale));
    gpio_.drive(config_.data_pin, bit ? Drive::high : Drive::low, when);
}

void PdmMicrophone::save(rp2040::StateWriter& out) const {
    sound_.save(out);
    out.put(modulator_);
    out.put(fault_);
    out.put(gain_q12_);
    out.put(offset_q23_);
    out.put(timebase_hz_);
    out.put(static_cast<std::uint64_t>(given_.size()));
    for (const bool bit : given_) out.put(bit);
    out.put(bits_);
    out.put(first_ps_);
    out.put(last_ps_);
}

void PdmMicrophone::restore(rp2040::StateReader& in) {
    sound_.restore(in);
    in.get(modulator_);
    in.get(fault_);
    in.get(gain_q12_);
    in.get(offset_q23_);
    in.get(timebase_hz_);
    std::uint64_t waiting = 0;
    in.get(waiting);
    given_.clear();
    while (waiting-- != 0) {
        bool bit = false;
        in.get(bit);
        given_.push_back(bit);
    }
    in.get(bits_);
    in.get(first_ps_);
    in.get(last_ps_);
}

}  // namespace mic
