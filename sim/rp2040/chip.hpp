// The RP2040: every block, wired.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/fabric.hpp"
#include "base/peripheral.hpp"
#include "base/signal_recorder.hpp"
#include "base/snapshot.hpp"
#include "base/timebase.hpp"
#include "bus/bus.hpp"
#include "bus/flash.hpp"
#include "bus/ssi.hpp"
#include "bus/xip.hpp"
#include "cpu/code_cache.hpp"
#include "cpu/cpu.hpp"
#include "cpu/pair.hpp"
#include "device/hub.hpp"
#include "dma/dma.hpp"
#include "io/io_bank0.hpp"
#include "io/io_qspi.hpp"
#include "io/pads.hpp"
#include "io/pin_matrix.hpp"
#include "periph/adc.hpp"
#include "periph/busctrl.hpp"
#include "periph/clocks.hpp"
#include "periph/i2c.hpp"
#include "periph/pll.hpp"
#include "periph/psm.hpp"
#include "periph/pwm.hpp"
#include "periph/resets.hpp"
#include "periph/rosc.hpp"
#include "periph/rtc.hpp"
#include "periph/sio.hpp"
#include "periph/spi.hpp"
#include "periph/sysinfo.hpp"
#include "periph/timer.hpp"
#include "periph/uart.hpp"
#include "periph/usb.hpp"
#include "periph/watchdog.hpp"
#include "periph/xosc.hpp"
#include "pio/pio.hpp"
#include "stream.hpp"

namespace rp2040 {

enum class StopReason : std::uint8_t {
    time,  ///< The cycle was reached.
    breakpoint,
    bkpt,
    lockup,
    unmodelled,
    boot_error,
    watchpoint,
    step,
    hard_fault,
    device
};

/// Why run_until() returned; `detail` of device is what one of them says that cannot go on. `address` is the register's
/// for unmodelled, the data's for watchpoint, else that of the instruction.
struct Stop {
    StopReason reason = StopReason::time;
    unsigned core = 0;
    std::uint32_t pc = 0, address = 0;
    std::string detail;
};

class Chip : public Fabric, private DmaBus, private UsbBootChip {
  public:
    /// `flash_bytes` is a power of two from 64 kB to 16 MB.
    Chip(std::uint32_t flash_bytes, std::uint32_t xosc_hz);
    Chip(const Chip&) = delete;
    Chip& operator=(const Chip&) = delete;

    /// Writes an image into flash, SRAM or (for a boot ROM) ROM; false when some of it is no memory.
    bool load(std::uint32_t address, std::span<const std::uint8_t> bytes);
    /// Memory as it is when power comes: SRAM and XIP SRAM hold what chance has left in them (datasheet 2.6.2
    /// gives no value); here the same for the same seed.
    void power_on_memory(std::uint64_t seed);
    /// Both cores start in this boot ROM from the next reset on, as on the chip.
    void load_rom(std::span<const std::uint8_t> image);
    /// Power-on reset at cycle 0; memories keep their content. With `ram_entry` core 0 starts there instead of booting.
    void reset(std::optional<std::uint32_t> ram_entry = std::nullopt);
    /// Power fails now and comes back after so many picoseconds, in which no cycles pass. With a seed it was gone: what
    /// was being written to flash stays half written, SRAM holds chance. Without, it was a brown-out: the supply fell
    /// below the detector's threshold (datasheet 2.13), which resets the chip; memories keep their content.
    void power_cycle(std::uint64_t off, std::optional<std::uint64_t> seed,
                     std::optional<std::uint32_t> ram_entry = std::nullopt);

    /// Runs until `limit` or a reason to stop. Instructions are not split: time may end a few cycles later. In dormant
    /// mode, where no cycles pass, until the time at which `limit` would have been reached.
    Stop run_until(Cycles limit);
    /// Lets one core execute one instruction, the other one keeping step; handlers that come between run through.
    /// Stops earlier at `limit` or for any reason that run_until() has.
    Stop step(unsigned core, Cycles limit);
    void add_watchpoint(const Watchpoint& watchpoint);
    void remove_watchpoint(const Watchpoint& watchpoint);
    [[nodiscard]] Cycles cycles() const { return events_.now(); }

    /// Complete state, devices included, in named sections. restore() wants a chip of the same flash size, the same
    /// loaded image and the same devices; else, and for damaged bytes, it throws and leaves the chip as it is.
    [[nodiscard]] std::vector<std::uint8_t> save() const;
    /// Parts of the chip, by name, and devices that are not as the snapshot has them; empty if it is the present.
    [[nodiscard]] std::vector<std::string> differences(std::span<const std::uint8_t> snapshot) const;
    /// With `power_on_others`, devices that the snapshot lacks are switched on anew instead.
    void restore(std::span<const std::uint8_t> snapshot, bool power_on_others = false);

    /// Solders a device's lines to pins; see DeviceHub::attach.
    void attach(Device& device, const std::vector<Connection>& connections) { devices_.attach(device, connections); }
    void detach(Device& device) { devices_.detach(device); }
    [[nodiscard]] const DeviceHub& devices() const { return devices_; }
    /// A device has failed since the last run, which the next one will report.
    [[nodiscard]] bool failed() const { return (requests_ & kDeviceFailed) != 0; }

    void add_breakpoint(std::uint32_t address);
    void remove_breakpoint(std::uint32_t address);
    [[nodiscard]] Cycles sleep_cycles(unsigned core);

    /// Share of time that a pad is high, 0..65536: the PWM's duty where PWM drives it, else its level.
    [[nodiscard]] std::uint32_t pin_share(unsigned pin);

    /// What record_signals() can record.
    struct SignalGroups {
        bool irq = false, cores = false, dma = false, pio = false, functions = false;
    };
    /// Records changes of these signals from now on; their present values come first.
    void record_signals(const SignalGroups& groups);
    /// Changes since the last call.
    [[nodiscard]] std::vector<SignalChange> take_signals();

    /// Starts profiling both cores anew, or stops it with null.
    void profile(const std::vector<FunctionRange>* functions);
    /// Has the profiles count from now on; see Profiler::count_from_now.
    void count_profile_from_now();
    /// Switches a flaw of the chip that is on from the start (docs/chip.md); false: it is not one of those.
    bool set_erratum(unsigned number, bool on);
    /// Notes reads of SRAM that nobody has written from now on, what is loaded counting as written.
    void watch_never_written(bool on);
    [[nodiscard]] std::vector<NeverWritten::Read> take_never_written() { return bus_.never_written.take(); }
    /// Gathers coverage from now on, or stops with null.
    void cover(Coverage* coverage) { code_.cover(coverage); }

    Cpu& core(unsigned index) { return index == 0 ? core0_ : core1_; }
    Bus& bus() { return bus_; }
    Xip& xip() { return xip_; }
    Flash& flash() { return flash_; }
    /// Which registers that are none the program has used, of the blocks that stand it; empty if it has not.
    [[nodiscard]] std::string absent_note() const;
    Uart& uart(unsigned index) { return index == 0 ? uart0_ : uart1_; }
    Pwm& pwm() { return pwm_; }
    Usb& usb() { return usb_; }
    Adc& adc() { return adc_; }
    /// The pins of the chip, for what the board does to them.
    PinMatrix& pins() { return pins_; }
    /// The crystal's frequency from now on: it drifts, or a glitch makes it stumble.
    void set_crystal(std::uint32_t hz) { xosc_.set_crystal(hz); }
    /// The BOOTSEL button: pulls the flash chip select low while pressed; at a reset that means USB boot.
    void press_bootsel(bool pressed);

    // Fabric
    void set_irq(Irq line, bool level) override;
    void set_core_irq(unsigned core, Irq line, bool level) override;
    void set_dreq(Dreq dreq, std::uint32_t transfers) override { dma_.set_dreq(dreq, transfers); }
    [[nodiscard]] std::uint32_t paced_by_pio() const override { return dma_.paced_by_pio(); }
    [[nodiscard]] std::uint32_t clock_hz(ClockId clock) const override { return clocks_.hz(clock); }
    [[nodiscard]] std::uint64_t picoseconds(Cycles at) const override { return time_.picoseconds(at); }
    [[nodiscard]] Cycles cycle_at(std::uint64_t picoseconds) const override { return time_.cycle_at(picoseconds); }
    [[nodiscard]] std::uint64_t ticks(Cycles at) const override { return watchdog_.ticks(at); }
    [[nodiscard]] Cycles tick_time(std::uint64_t count) const override { return watchdog_.tick_time(count); }
    Gpio& gpio() override { return pins_; }
    bool bus_read(Master master, std::uint32_t address, unsigned bytes, std::uint32_t& value) override;
    bool bus_write(Master master, std::uint32_t address, unsigned bytes, std::uint32_t value) override;
    void reset_blocks(std::uint32_t resets_mask) override;
    void request_chip_reset() override;
    void request_core_reset(unsigned core) override;
    void send_event() override;

  protected:  // ExternalChip (capi/) drives the same blocks for a processor outside.
    // DmaBus
    Cycles access(Cycles cycle, std::uint32_t address, bool is_write) override;
    void transfers_pending(bool any) override { bus_.crossbar.set_dma_active(any); }

    // UsbBootChip
    bool boot_read(std::uint32_t address, std::span<std::uint8_t> out) override;
    bool boot_write_ram(std::uint32_t address, std::span<const std::uint8_t> data) override;
    void boot_erase(std::uint32_t offset, std::uint32_t bytes) override;
    void boot_program(std::uint32_t offset, std::span<const std::uint8_t> data) override;
    void boot_reboot(std::uint32_t entry, std::uint32_t stack) override;
    std::uint32_t boot_rom_function(char first, char second) override;
    void boot_call(std::uint32_t address) override;
    [[nodiscard]] bool boot_calling() override;

    static constexpr std::uint32_t kDefaultRoscHz = 6'500'000;
    void connect();
    template <class Visit>
    static void visit_parts(auto& chip, Visit&& visit);
    void restore_devices(const Snapshot& snapshot, bool power_on_others);
    void clocks_moved();
    void set_rom(std::span<const std::uint8_t> image);
    void update_held();
    void update_clocked();
    void sleep_or_wake();
    void start_in_rom(Cpu& cpu);
    void boot(unsigned core, std::optional<std::uint32_t> ram_entry = std::nullopt);
    void perform_resets();
    void begin_usb_boot(std::uint32_t disabled_interfaces);
    void watchdog_reset();
    void forget_events(Cycles now);
    void start_all(std::optional<std::uint32_t> ram_entry);
    [[nodiscard]] bool stand_still(Cycles limit);
    void wake_oscillators();
    [[nodiscard]] Cpu* next_core(Cycles& until);
    [[nodiscard]] std::optional<Stop> stopped(Cpu& cpu);
    Cpu* stopped_too_ = nullptr;  ///< It stopped with the one whose stop has been told of.
    [[nodiscard]] std::optional<Stop> attend();
    void run_ahead(Cycles limit);

    TimeBase time_;
    PinMatrix pins_;
    Flash flash_;
    Ssi ssi_;
    Xip xip_;
    Bus bus_;
    CodeCache code_;
    Cpu core0_, core1_;
    Pair pair_{bus_.crossbar, events_, dma_};

    Xosc xosc_;
    Rosc rosc_;
    Pll pll_sys_, pll_usb_;
    Clocks clocks_;
    Resets resets_;
    Psm psm_;
    Watchdog watchdog_;
    Timer timer_;
    Rtc rtc_;
    Uart uart0_, uart1_;
    Spi spi0_, spi1_;
    I2c i2c0_, i2c1_;
    Adc adc_;
    Pwm pwm_;
    Sio sio_;
    Usb usb_;
    Busctrl busctrl_;
    Sysinfo sysinfo_;
    Syscfg syscfg_;
    Tbman tbman_;
    VregAndChipReset vreg_;
    IoBank0 io_bank0_;
    IoQspi io_qspi_;
    PadsBank0 pads_bank0_;
    PadsQspi pads_qspi_;
    Pio pio0_, pio1_;
    Dma dma_;
    Stream stream_{events_, pio0_, pio1_, dma_};
    DeviceHub devices_;

    struct Block {
        Peripheral* block;
        std::optional<ResetBit> reset_bit;
        std::uint64_t gates = 0;  ///< Its bits of Clocks::enabled().
    };
    static constexpr std::uint8_t kWatchdogReset = 4, kDeviceFailed = 8;
    std::vector<Block> blocks_;  ///< All of them, in snapshot order.
    SignalRecorder signals_;
    bool record_irq_ = false;
    bool rom_given_ = false;
    std::uint8_t requests_ = 0;  ///< What the run loop must attend to: a reset of a core, a bit each; the rest.
    std::string boot_error_;
};

}  // namespace rp2040
