#include "usb/host.hpp"

#include <algorithm>
#include <utility>

namespace rp2040 {

void UsbHost::attach(bool present) {
    if (present == attached()) return;
    enumeration_.attach(present);
    schedule_ = UsbSchedule{};
    interfaces_.clear();
    functions_.clear();
    listening_.clear();
    asker_ = Asker::nobody;
    turn_ = 0;
    jobs_.gone();
}

void UsbHost::start_of_frame() {
    ++schedule_.frame;
    control_.frame();
    jobs_.frame();
    enumeration_.start_of_frame();
}

unsigned UsbHost::transact(Cycles when) {
    if (!configured()) {
        const bool acknowledged = enumeration_.step();
        if (configured()) open_functions();
        return acknowledged ? 1 : 0;
    }
    if (const unsigned slots = periodic(when); slots != 0) return slots;
    if (control(when) || bulk(when)) return 1;
    return asker_ == Asker::job || jobs_.busy() ? 1 : 0;  // a transfer in progress is asked for in every slot
}

void UsbHost::find_functions() {
    interfaces_ = parse_configuration(identity().configuration);
    functions_.clear();
    for (const auto& functions :
         {serial_functions(interfaces_), hid_functions(interfaces_), midi_functions(interfaces_)})
        for (const UsbFunction& f : functions) functions_.push_back({f, 0, {}});
}

void UsbHost::open_functions() {
    find_functions();
    asker_ = Asker::nobody;
}

/// Requests: those of the functions' openings first, then what the user wants.
bool UsbHost::control(Cycles when) {
    if (asker_ != Asker::nobody && !control_.busy()) {  // it took too long
        if (asker_ == Asker::job) jobs_.answered(control_, when);
        if (asker_ == Asker::function) ++functions_[asking_function_].answered;
        asker_ = Asker::nobody;
    }
    if (asker_ == Asker::nobody) {
        const auto next =
            std::find_if(functions_.begin(), functions_.end(), [](const Function& f) { return !f.open(); });
        UsbRequest request;
        if (next != functions_.end()) {
            asking_function_ = static_cast<std::uint32_t>(next - functions_.begin());
            request = next->what.opening[next->answered];
            asker_ = Asker::function;
        } else if (jobs_.next_request(request)) {
            asker_ = Asker::job;
        } else {
            return false;
        }
        if (asker_ == Asker::job)
            control_.begin(std::move(request));
        else
            control_.begin_own(std::move(request));
    }
    const bool acknowledged = control_.step(bus_, enumeration_.address(), enumeration_.packet());
    if (control_.busy()) return acknowledged;
    if (asker_ == Asker::job) {
        jobs_.answered(control_, when);
    } else {
        Function& f = functions_[asking_function_];
        ++f.answered;
        if (control_.outcome() == UsbOutcome::done && !control_.answer().empty()) f.answer = control_.answer();
    }
    asker_ = Asker::nobody;
    return acknowledged;
}

std::vector<const UsbPipe*> UsbHost::open_pipes() const {
    std::vector<const UsbPipe*> pipes;
    for (const Function& f : functions_)
        if (f.open())
            for (const UsbPipe& pipe : f.what.pipes) pipes.push_back(&pipe);
    for (const UsbPipe& pipe : listening_) pipes.push_back(&pipe);
    return pipes;
}

/// One transaction on a pipe.
UsbHandshake UsbHost::serve(const UsbPipe& pipe, Cycles when, std::size_t& bytes) {
    std::vector<std::uint8_t> data;
    if (pipe.use == UsbPipe::Use::serial_out) {
        std::deque<std::uint8_t>& queue = serial_.at(pipe.port).to_device;
        if (queue.empty()) return UsbHandshake::nak;
        const auto end =
            queue.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(queue.size(), pipe.endpoint.packet));
        data.assign(queue.begin(), end);
        const UsbHandshake answer = bus_.out(enumeration_.address(), pipe.endpoint.number(), data);
        if (answer == UsbHandshake::ack) queue.erase(queue.begin(), end);
        return answer;
    }
    const UsbHandshake answer = bus_.in(enumeration_.address(), pipe.endpoint.number(), data);
    if (answer != UsbHandshake::ack) return answer;
    bytes = data.size();
    if (pipe.use == UsbPipe::Use::serial_in)
        for (const std::uint8_t value : data) serial_.at(pipe.port).received.push_back({value, when});
    else if (keeps_packets_ && !data.empty())
        packets_.push_back({pipe.endpoint.address, when, std::move(data)});
    return answer;
}

/// Interrupt and isochronous pipes that are due in this frame, the first that has something; the slots that it took.
unsigned UsbHost::periodic(Cycles when) {
    for (const UsbPipe* pipe : open_pipes()) {
        if (!pipe->endpoint.periodic() || !schedule_.due(pipe->endpoint)) continue;
        schedule_.tried(pipe->endpoint);
        std::size_t bytes = 0;
        if (serve(*pipe, when, bytes) == UsbHandshake::ack)
            return static_cast<unsigned>(std::max<std::size_t>(1, (bytes + kSlotBytes - 1) / kSlotBytes));
    }
    return 0;
}

/// Bulk pipes and transfers take turns, so that none starves the others.
bool UsbHost::bulk(Cycles when) {
    std::vector<const UsbPipe*> pipes = open_pipes();
    std::erase_if(pipes, [](const UsbPipe* pipe) { return pipe->endpoint.periodic(); });
    const std::size_t all = pipes.size() + 1;  // the last turn is that of the transfers
    for (std::size_t n = 0; n < all; ++n) {
        const std::size_t at = (turn_ + n) % all;
        std::size_t bytes = 0;
        const bool acknowledged = at < pipes.size()
                                      ? serve(*pipes[at], when, bytes) == UsbHandshake::ack
                                      : jobs_.transact(bus_, enumeration_.address(), interfaces_, schedule_, when);
        if (!acknowledged) continue;
        turn_ = static_cast<std::uint32_t>((at + 1) % all);
        return true;
    }
    return false;
}

std::vector<std::uint8_t> UsbHost::opening_answer(std::uint8_t interface) const {
    for (const Function& f : functions_)
        if (f.what.interface == interface) return f.answer;
    return {};
}

void UsbHost::send(std::span<const std::uint8_t> bytes, unsigned port) {
    auto& queue = serial_.at(port).to_device;
    queue.insert(queue.end(), bytes.begin(), bytes.end());
}

std::vector<UsbHost::Byte> UsbHost::take_received(unsigned port) {
    return std::exchange(serial_.at(port).received, {});
}

std::vector<UsbHost::Packet> UsbHost::take_packets() { return std::exchange(packets_, {}); }

bool UsbHost::serial_open(unsigned port) const {
    return std::any_of(functions_.begin(), functions_.end(), [port](const Function& f) {
        return f.open() && std::any_of(f.what.pipes.begin(), f.what.pipes.end(), [port](const UsbPipe& pipe) {
                   return pipe.use == UsbPipe::Use::serial_in && pipe.port == port;
               });
    });
}

void UsbHost::listen(std::uint8_t endpoint, bool listening) {
    std::erase_if(listening_, [endpoint](const UsbPipe& pipe) { return pipe.endpoint.address == endpoint; });
    if (!listening) return;
    for (const UsbInterface& i : interfaces_)
        for (const UsbEndpoint& e : i.endpoints)
            if (e.address == endpoint && e.in()) {
                listening_.push_back({e});
                return;
            }
}

void UsbHost::save(StateWriter& out) const {
    control_.save(out);
    enumeration_.save(out);
    out.put(schedule_);
    out.put(!interfaces_.empty());
    out.put(static_cast<std::uint64_t>(functions_.size()));
    for (const Function& f : functions_) {
        out.put(f.answered);
        put_all(out, f.answer);
    }
    out.put(static_cast<std::uint64_t>(listening_.size()));
    for (const UsbPipe& pipe : listening_) out.put(pipe.endpoint);
    out.put(asker_);
    out.put(asking_function_);
    out.put(turn_);
    jobs_.save(out);
    for (const Serial& serial : serial_) {
        put_all(out, serial.to_device);
        put_all(out, serial.received);
    }
    out.put(static_cast<std::uint64_t>(packets_.size()));
    for (const Packet& packet : packets_) {
        out.put(packet.endpoint);
        out.put(packet.when);
        put_all(out, packet.data);
    }
}

void UsbHost::restore(StateReader& in) {
    control_.restore(in);
    enumeration_.restore(in);
    in.get(schedule_);
    interfaces_.clear();
    functions_.clear();
    bool found = false;
    in.get(found);
    if (found) find_functions();
    std::uint64_t functions = 0;
    in.get(functions);
    if (functions != functions_.size())
        throw std::invalid_argument("the snapshot is damaged: a USB function has no descriptor");
    for (Function& f : functions_) {
        in.get(f.answered);
        get_all(in, f.answer);
    }
    listening_.assign(get_count(in, sizeof(UsbEndpoint)), {});
    for (UsbPipe& pipe : listening_) in.get(pipe.endpoint);
    in.get(asker_);
    in.get(asking_function_);
    if (asker_ == Asker::function && asking_function_ >= functions_.size())
        throw std::invalid_argument("the snapshot is damaged: a USB function does not exist");
    in.get(turn_);
    jobs_.restore(in);
    for (Serial& serial : serial_) {
        get_all(in, serial.to_device);
        get_all(in, serial.received);
    }
    packets_.assign(get_count(in, 17), {});
    for (Packet& packet : packets_) {
        in.get(packet.endpoint);
        in.get(packet.when);
        get_all(in, packet.data);
    }
}

}  // namespace rp2040
