// The bulk endpoints of USB boot: packets that wait for the host, and halts.
#pragma once

#include <array>
#include <deque>
#include <span>
#include <vector>

#include "base/state_vectors.hpp"

namespace rp2040 {

/// One interface's two bulk endpoints.
struct UsbBootEndpoints {
    static constexpr std::size_t kPacket = 64;
    std::deque<std::vector<std::uint8_t>> to_host;
    bool in_halted = false, out_halted = false;

    /// Queues data in packets; none for no data.
    void send(std::span<const std::uint8_t> data) {
        for (std::size_t at = 0; at < data.size(); at += kPacket) {
            const auto part = data.subspan(at, data.size() - at < kPacket ? data.size() - at : kPacket);
            to_host.emplace_back(part.begin(), part.end());
        }
    }
    void send_empty() { to_host.emplace_back(); }
    void reset() { *this = UsbBootEndpoints{}; }
    void save(StateWriter& out) const {
        out.put(in_halted);
        out.put(out_halted);
        out.put(static_cast<std::uint64_t>(to_host.size()));
        for (const auto& packet : to_host) put_all(out, packet);
    }
    void restore(StateReader& in) {
        in.get(in_halted);
        in.get(out_halted);
        to_host.assign(get_count(in, 8), {});
        for (auto& packet : to_host) get_all(in, packet);
    }
};

}  // namespace rp2040
