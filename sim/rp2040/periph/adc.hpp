// ADC with temperature sensor (datasheet 4.9).
#pragma once

#include <array>
#include <functional>
#include <optional>

#include "base/peripheral.hpp"
#include "base/rate_counter.hpp"
#include "periph/fifo.hpp"
#include "regs/adc.hpp"

namespace rp2040 {

struct AdcState {
    std::uint32_t cs = 0, fcs = 0, div = 0, inte = 0, intf = 0, result = 0;
    std::array<std::uint16_t, 5> input{0, 0, 0, 0, 876};  // Host-set conversion results, 12 bits.
    Fifo<std::uint16_t, 8> fifo;  // Measured by users; the datasheet's first editions said four.
    bool converting = false;
    RateCounter clock;           // clk_adc periods.
    std::uint64_t start_q8 = 0;  // Start of the conversion in progress, in 1/256 clk_adc periods.
    std::uint64_t done = 0;      // Its end, in clk_adc periods.
};

class Adc final : public StatefulPeripheral<AdcState> {
  public:
    static constexpr unsigned kConversionCycles = 96;  // Of clk_adc.

    explicit Adc(Fabric& fabric);
    std::uint32_t read(std::uint32_t offset) override;
    std::uint32_t peek(std::uint32_t offset) override;
    /// Conversions end in events.
    [[nodiscard]] Cycles steady_until(std::uint32_t offset) const override {
        return offset == regs::kAdc.at("FIFO") ? 0 : kNever;
    }
    void write(std::uint32_t offset, std::uint32_t value) override;
    void clocks_changed() override;
    void reset() override;

    /// Conversion result (0..4095) of input 0..3 (GPIO 26..29) or 4 (temperature sensor); survives reset().
    void set_input(unsigned input, std::uint16_t value);
    /// The same by what there is to convert.
    void set_voltage(unsigned input, double volts);
    /// Voltage at the sensor for a temperature in degrees Celsius: 0.706 V - 1.721 mV * (T - 27), VREF 3.3 V.
    void set_temperature(double celsius);

    /// Volts of an input (0..3) for which a device stands, asked at the end of each conversion; nothing for the others,
    /// which have what set_input() says.
    std::function<std::optional<double>(unsigned input, Cycles when)> source;

  private:
    void event();
    void begin(std::uint64_t start_q8);
    void finish();
    [[nodiscard]] std::uint32_t pop();
    [[nodiscard]] bool at_threshold() const;
    void update();
    void reschedule();
};

}  // namespace rp2040
