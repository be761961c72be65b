// Transfers that the user of the host asks for: SCSI commands, output reports, requests, data of any class.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "base/types.hpp"
#include "usb/control_pipe.hpp"
#include "usb/descriptors.hpp"
#include "usb/schedule.hpp"

namespace rp2040 {

struct UsbTransfer {
    std::uint8_t endpoint = 0;  ///< Address; 0 is a request, of `setup`.
    std::array<std::uint8_t, 8> setup{};
    std::vector<std::uint8_t> data;  ///< What goes to the device, or what has come from it.
    std::uint32_t length = 0;        ///< Most bytes that are wanted of an IN endpoint; a short packet ends it, too.
    bool may_stall = false;          ///< A stall is cleared, and the job goes on.
    UsbOutcome outcome = UsbOutcome::pending;
    Cycles when = 0;  ///< When it ended.
};

/// Transfers one after another; the first that fails ends the job. Jobs of one lane (an interface) do not mix.
struct UsbJob {
    std::uint32_t id = 0;
    std::uint8_t lane = 0;
    std::uint32_t frames_left = 0;
    std::uint32_t at = 0;    ///< The transfer in progress,
    std::uint32_t sent = 0;  ///< and how much of it is out.
    bool asking = false;     ///< Its request is on the control pipe.
    UsbOutcome outcome = UsbOutcome::pending;
    std::vector<UsbTransfer> transfers;
};

class UsbJobs {
  public:
    /// The job's number. `frames`: milliseconds that it may take.
    std::uint32_t submit(std::vector<UsbTransfer> transfers, std::uint8_t lane, std::uint32_t frames);
    [[nodiscard]] bool ended(std::uint32_t id) const;
    /// The job, which is forgotten; an empty one when there is none of that number.
    UsbJob take(std::uint32_t id);
    /// Whether transfers are in progress that want every slot.
    [[nodiscard]] bool busy() const;
    /// The device has gone.
    void gone();
    void frame();

    /// The next request for the control pipe, if there is one; its end is told by answered().
    bool next_request(UsbRequest& request);
    void answered(const UsbControlPipe& pipe, Cycles when);
    /// One transaction on an endpoint other than 0, the jobs in turn; whether one was acknowledged.
    bool transact(UsbDevicePort& bus, unsigned address, std::span<const UsbInterface> interfaces, UsbSchedule& schedule,
                  Cycles when);
    void save(StateWriter& out) const;
    void restore(StateReader& in);

  private:
    [[nodiscard]] bool first_of_lane(const UsbJob& job) const;
    bool transact(UsbJob& job, UsbDevicePort& bus, unsigned address, const UsbEndpoint& endpoint, Cycles when);
    static void end_transfer(UsbJob& job, UsbOutcome outcome, Cycles when);
    std::uint32_t next_id_ = 1;
    std::uint32_t turn_ = 0;
    std::vector<UsbJob> jobs_;
};

}  // namespace rp2040
