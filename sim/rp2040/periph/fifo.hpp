// Fixed-capacity queue that is plain data, so that a peripheral's state stays trivially copyable.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace rp2040 {

template <class T, std::size_t Capacity>
class Fifo {
  public:
    [[nodiscard]] std::size_t size() const { return count_; }
    [[nodiscard]] bool empty() const { return count_ == 0; }
    [[nodiscard]] bool full() const { return count_ == Capacity; }
    static constexpr std::size_t capacity() { return Capacity; }
    /// Returns false, and stores nothing, when full.
    bool push(const T& value) {
        if (full()) return false;
        items_[(head_ + count_++) % Capacity] = value;
        return true;
    }
    [[nodiscard]] const T& front() const { return items_[head_]; }
    [[nodiscard]] T& back() { return items_[(head_ + count_ - 1) % Capacity]; }
    T pop() {
        const T value = items_[head_];
        head_ = static_cast<std::uint32_t>((head_ + 1) % Capacity);
        --count_;
        return value;
    }
    void clear() { head_ = count_ = 0; }

  private:
    std::array<T, Capacity> items_{};
    std::uint32_t head_ = 0;
    std::uint32_t count_ = 0;
};

}  // namespace rp2040
