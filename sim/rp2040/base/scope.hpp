// A flag that is set for the duration of a scope, also when something throws.
#pragma once

namespace rp2040 {

class Scope {
  public:
    explicit Scope(bool& flag) : flag_(flag) { flag_ = true; }
    ~Scope() { flag_ = false; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

  private:
    bool& flag_;
};

}  // namespace rp2040
