#include "mic/microphone.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "rp2040/base/rate_counter.hpp"

namespace mic {

using Drive = rp2040::Gpio::Drive;

namespace {
constexpr std::uint64_t kPicoseconds = 1'000'000'000'000;
}

PdmMicrophone::PdmMicrophone(Channel channel, std::uint32_t seed, std::string name)
    : name_(std::move(name)), channel_(channel), modulator_(kFullScale, seed) {}

std::uint64_t PdmMicrophone::sound_picoseconds() const {
    if (timebase_hz_ == 0) return restarts_ps_ + (port() != nullptr ? port()->picoseconds(port()->now()) : 0);
    return static_cast<std::uint64_t>(rp2040::Wide{bits_} * kPicoseconds / timebase_hz_);
}

void PdmMicrophone::push(const std::int32_t* samples, std::size_t count) {
    // A program that never clocks the microphone must not make the queue grow: the past cannot be heard any more.
    const std::uint64_t now = sound_picoseconds();
    sound_.queue().forget(static_cast<std::int64_t>(now / (1'000'000'000'000ull / kSampleRate)) - kTapsPerPhase);
    sound_.queue().push(samples, count);
}

void PdmMicrophone::push_silence(std::size_t count) {
    const std::vector<std::int32_t> silence(count);
    push(silence.data(), count);
}

void PdmMicrophone::set_fault(Fault fault) {
    if (fault == fault_) return;
    fault_ = fault;
    const Drive drive = fault == Fault::stuck_low    ? Drive::low
                        : fault == Fault::stuck_high ? Drive::high
                                                     : Drive::released;
    if (port() != nullptr) port()->drive(kData, drive, port()->now());
}

/// The bit that an edge of the clock at this time brings out.
bool PdmMicrophone::next_bit(std::uint64_t picoseconds) {
    last_ps_ = restarts_ps_ + picoseconds;
    const std::uint64_t index = bits_++;
    if (index == 0) first_ps_ = last_ps_;
    if (!given_.empty()) {
        const bool bit = given_.front();
        given_.pop_front();
        return bit;
    }
    if (fault_ != Fault::none) return false;
    const std::uint64_t heard_ps =
        timebase_hz_ == 0 ? last_ps_ : static_cast<std::uint64_t>(rp2040::Wide{index} * kPicoseconds / timebase_hz_);
    std::int64_t u = sound_.at(heard_ps);
    if (gain_q12_ != 4096 || offset_q23_ != 0) {
        u = ((u * gain_q12_) >> 12) + offset_q23_ * Interpolator::kUnitsPerSample;
    }
    return modulator_.step(std::clamp(u, -kFullScale, kFullScale));
}

void PdmMicrophone::line_changed(unsigned, bool level, rp2040::Cycles when) {
    if (level != (channel_ == Channel::right)) return;  // released, and the line keeps its level
    const bool bit = next_bit(port()->picoseconds(when));
    if (fault_ == Fault::none) port()->drive(kData, bit ? Drive::high : Drive::low, when);
}

std::uint64_t PdmMicrophone::clock_edges(const rp2040::ClockEdges& edges) {
    const rp2040::Cycles first = edges.at(0), last = edges.at(edges.count - 1), cycles = last - first;
    const std::uint64_t began = port()->picoseconds(first), passed = port()->picoseconds(last) - began;
    // Rounding is monotonous: if both ends lie on a line of whole picoseconds a cycle, so does all between them.
    const bool even = cycles != 0 && passed % cycles == 0;
    const std::uint64_t rate = even ? passed / cycles : 0;
    if (even && given_.empty() && fault_ == Fault::none && timebase_hz_ == 0 && bits_ != 0)
        return modulate(edges, began, rate);
    std::uint64_t levels = 0;
    for (unsigned n = 0; n < edges.count; ++n) {
        const std::uint64_t ps = even ? began + (edges.at(n) - first) * rate : port()->picoseconds(edges.at(n));
        levels |= std::uint64_t{next_bit(ps)} << n;
    }
    return levels;
}

/// next_bit() for edges that lie `rate` picoseconds a cycle apart, the first at `began`, while the sound decides.
std::uint64_t PdmMicrophone::modulate(const rp2040::ClockEdges& edges, std::uint64_t began, std::uint64_t rate) {
    const bool changed = gain_q12_ != 4096 || offset_q23_ != 0;
    const std::int64_t offset = offset_q23_ * Interpolator::kUnitsPerSample;
    std::array<std::int64_t, 64> heard;
    Interpolator::Moment moment = Interpolator::moment(restarts_ps_ + began);
    const std::uint64_t step = edges.step;
    const unsigned count = edges.count;
    std::uint64_t at = edges.first;
    rp2040::Cycles before = at >> 8;
    for (unsigned n = 0; n < count; ++n, at += step) {
        moment.pass(((at >> 8) - before) * rate);
        before = at >> 8;
        std::int64_t u = sound_.at(moment);
        if (changed) u = ((u * gain_q12_) >> 12) + offset;
        if (static_cast<std::uint64_t>(u + kFullScale) > std::uint64_t{2 * kFullScale}) [[unlikely]]
            u = std::clamp(u, -kFullScale, kFullScale);
        heard[n] = u;
    }
    bits_ += count;
    last_ps_ = restarts_ps_ + began + (before - edges.at(0)) * rate;
    return modulator_.steps({heard.data(), count});
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
    out.put(restarts_ps_);
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
    in.get(restarts_ps_);
}

}  // namespace mic
