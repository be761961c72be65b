// Snapshots: every stateful part writes its plain-data state to, and reads it from, one byte buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <type_traits>
#include <vector>

namespace rp2040 {

class StateWriter {
  public:
    template <class T>
    void put(const T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        bytes(&value, sizeof value);
    }
    void bytes(const void* data, std::size_t size) {
        if (size == 0) return;
        const std::size_t at = buffer_.size();
        buffer_.resize(at + size);
        std::memcpy(buffer_.data() + at, data, size);
    }
    [[nodiscard]] std::vector<std::uint8_t> take() { return std::move(buffer_); }

  private:
    std::vector<std::uint8_t> buffer_;
};

class StateReader {
  public:
    StateReader(const std::uint8_t* data, std::size_t size) : p_(data), end_(data + size) {}
    template <class T>
    void get(T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        bytes(&value, sizeof value);
    }
    void bytes(void* data, std::size_t size) {
        if (static_cast<std::size_t>(end_ - p_) < size) throw std::runtime_error("snapshot is truncated");
        if (size == 0) return;
        std::memcpy(data, p_, size);
        p_ += size;
    }

  private:
    const std::uint8_t* p_;
    const std::uint8_t* end_;
};

}  // namespace rp2040
