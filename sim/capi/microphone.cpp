// The microphone of the C ABI, and the sound that it hears.
#include <memory>
#include <utility>
#include <vector>

#include "capi/external_chip.hpp"
#include "capi/resample.hpp"
#include "capi/rp2040.h"
#include "capi/shell.hpp"
#include "capi/status.hpp"

using rp2040::answered, rp2040::guarded, rp2040::invalid;
using rp2040::ExternalChip, rp2040::kBadArray, rp2040::kMostSamples;

namespace {

rp2040_status no_microphone(rp2040_chip* chip) {
    return invalid(chip, "no microphone is attached; call rp2040_mic_attach first");
}

}  // namespace

extern "C" {

rp2040_status rp2040_mic_attach(rp2040_chip* chip, uint32_t clock_pin, uint32_t data_pin, uint32_t right,
                                uint32_t seed) {
    return guarded(chip, [&] {
        const auto channel = right != 0 ? mic::Channel::right : mic::Channel::left;
        ExternalChip& own = *chip->chip;
        // Of the same name as the one before, for snapshots; that one is back on its pins if these cannot be had.
        auto microphone = std::make_unique<mic::PdmMicrophone>(channel, seed, "microphone");
        if (own.microphone) own.detach(*own.microphone);
        try {
            own.attach(*microphone, {{"clock", clock_pin}, {"data", data_pin}});
        } catch (...) {
            if (own.microphone)
                own.attach(*own.microphone, {{"clock", chip->mic_pins[0]}, {"data", chip->mic_pins[1]}});
            throw;
        }
        own.microphone = std::move(microphone);
        chip->mic_pins = {clock_pin, data_pin};
        return RP2040_OK;
    });
}
rp2040_status rp2040_mic_push(rp2040_chip* chip, const int32_t* samples, size_t count) {
    return guarded(chip, [&] {
        if (!chip->chip->microphone) return no_microphone(chip);
        if ((samples == nullptr && count != 0) || count > kMostSamples) return invalid(chip, kBadArray);
        chip->chip->microphone->push(samples, count);
        return RP2040_OK;
    });
}
uint64_t rp2040_mic_supplied(const rp2040_chip* chip) {
    return answered(chip, std::uint64_t{0},
                    [&] { return chip->chip->microphone ? chip->chip->microphone->supplied() : 0; });
}
rp2040_status rp2040_mic_play(rp2040_chip* chip, const int16_t* samples, size_t frames, uint32_t channels,
                              uint32_t rate) {
    return guarded(chip, [&] {
        if (!chip->chip->microphone) return no_microphone(chip);
        if (channels == 0 || channels > 32 || rate < 8000 || rate > 192000)
            return invalid(chip, "a recording has 1 to 32 channels and a rate of 8000 to 192000 Hz; this one has " +
                                     std::to_string(channels) + " and " + std::to_string(rate));
        if ((samples == nullptr && frames != 0) || frames > kMostSamples / channels) return invalid(chip, kBadArray);
        auto& microphone = *chip->chip->microphone;
        const std::uint64_t now = microphone.sound_picoseconds() / (1'000'000'000'000 / mic::kSampleRate);
        if (now > microphone.supplied()) {
            const std::vector<std::int32_t> silence(static_cast<std::size_t>(now - microphone.supplied()));
            microphone.push(silence.data(), silence.size());
        }
        const auto sound = rp2040::to_16_khz(samples, frames, channels, rate);
        microphone.push(sound.data(), sound.size());
        return RP2040_OK;
    });
}
rp2040_status rp2040_mic_push_bits(rp2040_chip* chip, const uint8_t* bytes, size_t bits) {
    return guarded(chip, [&] {
        if (!chip->chip->microphone) return no_microphone(chip);
        if ((bytes == nullptr && bits != 0) || bits > kMostSamples) return invalid(chip, kBadArray);
        for (std::size_t i = 0; i < bits; ++i) chip->chip->microphone->push_bit((bytes[i / 8] >> i % 8 & 1) != 0);
        return RP2040_OK;
    });
}
uint64_t rp2040_mic_bits(const rp2040_chip* chip) {
    return answered(chip, std::uint64_t{0},
                    [&] { return chip->chip->microphone ? chip->chip->microphone->bits() : 0; });
}
rp2040_status rp2040_mic_timebase(rp2040_chip* chip, uint32_t hz) {
    return guarded(chip, [&] {
        if (!chip->chip->microphone) return no_microphone(chip);
        chip->chip->microphone->set_timebase(hz);
        return RP2040_OK;
    });
}
rp2040_status rp2040_mic_fault(rp2040_chip* chip, uint32_t fault) {
    return guarded(chip, [&] {
        if (!chip->chip->microphone) return no_microphone(chip);
        if (fault > 3) return invalid(chip, "microphone faults are 0 none, 1 missing, 2 stuck low, 3 stuck high");
        chip->chip->microphone->set_fault(static_cast<mic::Fault>(fault));
        return RP2040_OK;
    });
}
rp2040_status rp2040_mic_analog(rp2040_chip* chip, int32_t gain_q12, int32_t offset_q23) {
    return guarded(chip, [&] {
        if (!chip->chip->microphone) return no_microphone(chip);
        if (gain_q12 < 0 || gain_q12 > 8 << 12 || offset_q23 < -(1 << 23) || offset_q23 > 1 << 23)
            return invalid(chip, "the gain is 0 to 8 (Q12), the offset -1 to 1 (Q23)");
        chip->chip->microphone->set_analog(gain_q12, offset_q23);
        return RP2040_OK;
    });
}
}
