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
    /// Room for so many bytes at once: growing step by step costs page faults.
    void reserve(std::size_t size) { buffer_.reserve(size); }
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
    [[nodiscard]] std::size_t size() const { return buffer_.size(); }
    /// Overwrites what stands at `at`, which must have been written.
    template <class T>
    void patch(std::size_t at, const T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        std::memcpy(buffer_.data() + at, &value, sizeof value);
    }
    [[nodiscard]] const std::uint8_t* data() const { return buffer_.data(); }

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
        if (static_cast<std::size_t>(end_ - p_) < size)
            throw std::invalid_argument("the snapshot is damaged: a part of it is too short");
        if (size == 0) return;
        std::memcpy(data, p_, size);
        p_ += size;
    }
    void skip(std::size_t size) {
        if (size > left()) throw std::invalid_argument("the snapshot is damaged: a part of it is too short");
        p_ += size;
    }
    /// Bytes not yet read.
    [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(end_ - p_); }

  private:
    const std::uint8_t* p_;
    const std::uint8_t* end_;
};

}  // namespace rp2040
