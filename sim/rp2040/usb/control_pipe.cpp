#include "usb/control_pipe.hpp"

#include <algorithm>

namespace rp2040 {

namespace {
constexpr std::uint16_t kPacketFrames = 500;
// A host learns of a completed transfer when its frame ends (UHCI Design Guide 1.1, 3.2.2, bit IOC) and prepares the
// next request during the frame that has begun then, so that this comes in the frame after the next. Devices rely on it
// that mask interrupts for some hundred microseconds, as one does that programs its flash: they would find the end of a
// request and the next one at once, and QMK's ChibiOS refuses that.
constexpr std::uint8_t kPauseFrames = 2;
}  // namespace

void UsbControlPipe::begin(UsbRequest request, std::uint8_t tries) {
    const std::uint8_t pause_frames = s_.pause_frames;
    s_ = State{};
    s_.outcome = UsbOutcome::pending;
    s_.tries = tries;
    s_.pause_frames = pause_frames;
    request_ = std::move(request);
    answer_.clear();
}

void UsbControlPipe::begin_own(UsbRequest request) {
    const std::uint8_t tries = request.asks_for_descriptor() ? kDescriptorTries : 1;
    begin(std::move(request), tries);
}

void UsbControlPipe::end(UsbOutcome outcome) {
    s_.outcome = outcome;
    s_.pause_frames = kPauseFrames;
    if (outcome == UsbOutcome::stalled && s_.tries > 1)
        begin(std::move(request_), static_cast<std::uint8_t>(s_.tries - 1));
}

bool UsbControlPipe::step(UsbDevicePort& bus, unsigned address, unsigned packet) {
    if (s_.pause_frames != 0) return false;
    UsbHandshake answer = UsbHandshake::none;
    switch (s_.stage) {
        case Stage::setup:
            answer = bus.setup(address, request_.setup);
            if (answer == UsbHandshake::ack) s_.stage = length() != 0 ? Stage::data : Stage::status;
            break;
        case Stage::data: answer = data(bus, address, packet); break;
        case Stage::status:
            if (to_host() && length() != 0) {
                answer = bus.out(address, 0, {});
            } else {
                std::vector<std::uint8_t> empty;
                answer = bus.in(address, 0, empty);
            }
            if (answer == UsbHandshake::ack) end(UsbOutcome::done);
            break;
    }
    if (answer == UsbHandshake::stall) end(UsbOutcome::stalled);
    if (answer == UsbHandshake::ack) s_.quiet_frames = 0;
    return answer == UsbHandshake::ack;
}

UsbHandshake UsbControlPipe::data(UsbDevicePort& bus, unsigned address, unsigned packet) {
    if (to_host()) {
        std::vector<std::uint8_t> part;
        const UsbHandshake answer = bus.in(address, 0, part);
        if (answer != UsbHandshake::ack) return answer;
        const std::size_t room = std::min(part.size(), length() - answer_.size());
        answer_.insert(answer_.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(room));
        if (answer_.size() >= length() || part.size() < packet) s_.stage = Stage::status;
        return answer;
    }
    const std::size_t size = std::min<std::size_t>(packet, request_.data.size() - s_.sent);
    const UsbHandshake answer = bus.out(address, 0, std::span(request_.data).subspan(s_.sent, size));
    if (answer != UsbHandshake::ack) return answer;
    s_.sent = static_cast<std::uint16_t>(s_.sent + size);
    if (s_.sent >= request_.data.size()) s_.stage = Stage::status;
    return answer;
}

void UsbControlPipe::frame() {
    if (s_.pause_frames != 0)
        --s_.pause_frames;
    else if (busy() && ++s_.quiet_frames > kPacketFrames)
        end(UsbOutcome::timed_out);
}

void UsbControlPipe::save(StateWriter& out) const {
    out.put(s_);
    out.put(request_.setup);
    put_all(out, request_.data);
    put_all(out, answer_);
}

void UsbControlPipe::restore(StateReader& in) {
    in.get(s_);
    in.get(request_.setup);
    get_all(in, request_.data);
    get_all(in, answer_);
}

}  // namespace rp2040
