// USB controller (datasheet 4.1): registers and the dual-port RAM. A device is attached to a built-in host; a host has
// nothing in its socket.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "base/peripheral.hpp"
#include "base/rate_counter.hpp"
#include "regs/usb.hpp"
#include "usb/boot_device.hpp"
#include "usb/host.hpp"

namespace rp2040 {

struct UsbState {
    std::uint32_t addr_endp = 0, main_ctrl = 0, sof_rd = 0, sie_ctrl = 0, sie_status = 0;
    std::uint32_t buff_status = 0, buff_cpu_should_handle = 0, ep_abort = 0, ep_abort_done = 0, ep_stall_arm = 0,
                  nak_poll = regs::kUsbctrl.reset("NAK_POLL"), ep_status_stall_nak = 0, usb_muxing = 0, usb_pwr = 0,
                  usbphy_direct = 0, usbphy_direct_override = 0, usbphy_trim = regs::kUsbctrl.reset("USBPHY_TRIM");
    std::uint32_t inte = 0, intf = 0;
    bool sof_seen = false;            // INTR.DEV_SOF
    std::uint32_t both_done = 0;      // Bits of BUFF_STATUS that clearing leaves set: the other buffer is done, too.
    std::uint32_t second_buffer = 0;  // Double-buffered endpoints whose buffer 1 is next, in BUFF_STATUS bit order.
    alignas(4) std::array<std::uint8_t, 4096> dpram{};
    RateCounter slots;  // 1/16 ms of clk_usb since the pull-up was seen.
    std::uint64_t next_slot = 0, last_slot = 0;
};

/// A device's transfers; as a host it finds no device, and a transfer that it starts is refused. The wire is divided
/// into 16 slots per 1 ms frame, about the time of a 64-byte transaction at 12 Mbit/s; the host makes one transaction
/// per slot until it has nothing to do in that frame. Data toggles are taken to be right.
class Usb final : public StatefulPeripheral<UsbState>, private UsbDevicePort {
  public:
    static constexpr std::uint32_t kSlotsPerFrame = 16;

    Usb(Fabric& fabric, UsbBootChip& chip);
    /// Registers at USBCTRL_REGS_BASE.
    std::uint32_t read(std::uint32_t offset) override;
    std::uint32_t peek(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void clocks_changed() override;
    void reset() override;
    void save(StateWriter& out) const override;
    void restore(StateReader& in) override;

    /// Dual-port RAM at USBCTRL_DPRAM_BASE, byte-writable; `bytes` is 1, 2 or 4. No atomic aliases.
    /// The 4 kB of memory; a reset leaves what is in them.
    [[nodiscard]] std::array<std::uint8_t, 4096>& dpram() { return s_.dpram; }
    [[nodiscard]] std::uint32_t dpram_read(std::uint32_t offset, unsigned bytes) const;
    void dpram_write(std::uint32_t offset, std::uint32_t value, unsigned bytes);

    /// Plugs the built-in host in (true, the default) or out. Survives reset().
    void connect_host(bool connected);
    /// USB boot: the device on the wire is the boot ROM's, whatever the registers say. Ends with a reset.
    void begin_usb_boot(std::uint32_t disabled_interfaces);
    [[nodiscard]] bool in_usb_boot() const { return boot_.active(); }
    /// The host, for whom it is to be part of the chip's devices.
    [[nodiscard]] UsbHost& host() { return host_; }

  private:
    struct Buffer {
        std::uint32_t control;  // Offset of its 16-bit half of the buffer control register.
        std::uint32_t data;     // Offset of its bytes.
        std::uint32_t bit;      // In BUFF_STATUS.
        std::uint32_t ep_ctrl;
        bool second;
        bool can_stall;  ///< Bit 11 is STALL.
    };
    // UsbDevicePort: one transaction each, as seen from the wire.
    UsbHandshake setup(unsigned address, const std::array<std::uint8_t, 8>& packet) override;
    UsbHandshake out(unsigned address, unsigned endpoint, std::span<const std::uint8_t> data) override;
    UsbHandshake in(unsigned address, unsigned endpoint, std::vector<std::uint8_t>& data) override;
    void bus_reset() override;

    [[nodiscard]] bool listening(unsigned address) const;
    bool find_buffer(unsigned endpoint, bool is_in, Buffer& buffer);
    UsbHandshake check(const Buffer& buffer, bool is_in);
    void complete(const Buffer& buffer, std::uint32_t control);
    void event();
    void pullup_changed();
    void update();
    [[nodiscard]] std::uint32_t intr() const;
    [[nodiscard]] std::uint32_t line_state() const;
    bool connected_ = true;
    UsbHost host_;
    UsbBootDevice boot_;
};

}  // namespace rp2040
