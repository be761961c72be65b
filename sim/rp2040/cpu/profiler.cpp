#include "cpu/profiler.hpp"

#include <algorithm>
#include <utility>

#include "bus/xip.hpp"
#include "cpu/cpu.hpp"

namespace rp2040 {

Profiler::Profiler(const Cpu& cpu, std::vector<FunctionRange> functions) : cpu_(cpu), ranges_(std::move(functions)) {
    restart();
}

Cycles Profiler::busy() const { return cpu_.cycles - cpu_.sleep_cycles(); }

Spent Profiler::spent() const {
    const XipLosses& xip = cpu_.xip.losses();
    return {busy(), xip.stalls, cpu_.bus_waits(), xip.misses};
}

void Profiler::restart() {
    frames_.clear();
    interrupted_.clear();
    suspended_.clear();
    interrupt_cycles_ = 0;
    first_thread_ = false;
    last_ = spent();
    const std::uint32_t pc = cpu_.pc(), sp = cpu_.r[13];
    push(pc, CallNode::kRoot, kNowhere, sp);
    high_water_ = {sp, sp, node_, cpu_.cycles};
}

void Profiler::count_from_now() {
    flush();
    for (CallNode& node : nodes_) node.calls = 0, node.own = {};
    calls_.clear();
    call_index_.clear();
    pages_.clear();
    page_base_ = 1;
    for (Frame& frame : frames_) frame.whole = false;
    for (auto& [sp, thread] : suspended_)
        for (Frame& frame : thread.frames) frame.whole = false;
    if (cpu_.on_process_stack()) return;
    high_water_ = {high_water_.top, cpu_.r[13], node_, cpu_.cycles};
}

/// The XIP counters are those of both cores: what they counted between two instructions was the other core's.
void Profiler::forget_xip() {
    last_.xip_stalls = cpu_.xip.losses().stalls;
    last_.xip_misses = cpu_.xip.losses().misses;
}

void Profiler::flush() {
    if (last_.cycles != busy()) charge(cpu_.pc(), node_, false);
}

/// Books everything spent since the last call.
void Profiler::charge(std::uint32_t pc, std::uint32_t node, bool executed) {
    const Spent now = spent();
    const Spent delta{now.cycles - last_.cycles, now.xip_stalls - last_.xip_stalls, now.bus_waits - last_.bus_waits,
                      now.xip_misses - last_.xip_misses};
    last_ = now;
    if (const std::uint32_t base = pc & ~(kPageBytes - 1); base != page_base_) {
        auto& page = pages_[base];
        if (!page) page = std::make_unique<Page>();
        page_ = page.get();
        page_base_ = base;
    }
    ProfiledInstruction& instruction = (*page_)[(pc - page_base_) / 2];
    instruction.executed += executed;
    instruction.spent.add(delta);
    nodes_[node].own.add(delta);
}

void Profiler::begin(std::uint32_t pc) {
    if (!diverted_) forget_xip();
    if (last_.cycles != busy()) charge(pc, node_, false);  // the entry into an exception, lost bus cycles
    pc_ = pc;
    began_in_ = node_;
    sp_before_ = cpu_.r[13];
    was_on_process_stack_ = cpu_.on_process_stack();
    executing_ = true;
    diverted_ = false;
}

void Profiler::end(Operation operation, bool executed) {
    charge(pc_, began_in_, executed);
    executing_ = false;
    if (std::exchange(diverted_, false)) return;
    const std::uint32_t sp = cpu_.r[13];
    if (sp != sp_before_) {
        if (operation == Operation::msr || (sp > frames_.front().sp && interrupted_.empty())) rebase_stack(sp);
        Frame& top = frames_.back();
        top.lowest = std::min(top.lowest, sp);
        if (sp < high_water_.lowest && !cpu_.on_process_stack()) {
            high_water_.lowest = sp;
            high_water_.node = node_;
            high_water_.when = cpu_.cycles;
        }
    }
    const std::uint32_t next = cpu_.pc();
    switch (operation) {
        case Operation::msr:
            first_thread_ |= cpu_.on_process_stack() && !was_on_process_stack_ && interrupted_.empty();
            break;
        case Operation::bl:
        case Operation::bl_near: push(next, pc_, pc_ + 4, sp); return;
        case Operation::blx: push(next, pc_, pc_ + 2, sp); return;
        case Operation::bx:
        case Operation::pop_pc:
        case Operation::mov_pc:
            if (returned(next, sp)) return;
            break;
        default: break;
    }
    if (next - range_.start >= range_.bytes) moved(operation, next, sp);
}

// ---------------------------------------------------------------------------------------------- functions and calls

Profiler::Range Profiler::range_of(std::uint32_t address) const {
    const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), address,
                                        [](std::uint32_t a, const FunctionRange& f) { return a < f.address; });
    if (after != ranges_.begin()) {
        const FunctionRange& f = *(after - 1);
        if (address - f.address < f.bytes) return {f.address, f.bytes};
    }
    // Unknown code reaches up to the next function; what is called in it names it.
    const std::uint32_t end = after == ranges_.end() ? 0xffffffff : after->address;
    return {address, end - address};
}

std::uint32_t Profiler::child(std::uint32_t parent, std::uint32_t function, std::uint32_t call_site) {
    const auto [found, added] =
        children_.emplace(Key{parent, function, call_site}, static_cast<std::uint32_t>(nodes_.size()));
    if (added) nodes_.push_back({parent, function, call_site, 0, {}});
    return found->second;
}

FunctionCalls& Profiler::calls_of(std::uint32_t function) {
    const auto [found, added] = call_index_.emplace(function, static_cast<std::uint32_t>(calls_.size()));
    if (added) calls_.emplace_back().address = function;
    return calls_[found->second];
}

void Profiler::enter_range() { range_ = range_of(nodes_[node_].function); }

void Profiler::push(std::uint32_t target, std::uint32_t call_site, std::uint32_t return_address, std::uint32_t sp) {
    if (frames_.size() >= kMaxDepth) return;
    range_ = range_of(target);
    node_ = child(call_site == CallNode::kRoot ? kNowhere : node_, range_.start, call_site);
    ++nodes_[node_].calls;
    frames_.push_back({node_, return_address, sp, sp, sp, busy(), interrupt_cycles_, call_site != CallNode::kRoot});
}

/// What runs at `next` has no caller that is known.
void Profiler::begin_anew(std::uint32_t next, std::uint32_t sp) {
    frames_.clear();
    push(next, CallNode::kRoot, kNowhere, sp);
}

void Profiler::pop() {
    const Frame frame = frames_.back();
    frames_.pop_back();
    const std::uint32_t deepest = std::min(frame.lowest, frame.deepest);
    if (frame.whole) {
        FunctionCalls& calls = calls_of(nodes_[frame.node].function);
        const Cycles taken = busy() - frame.start - (interrupt_cycles_ - frame.interrupts);
        ++calls.calls;
        calls.total += taken;
        calls.min = std::min(calls.min, taken);
        calls.max = std::max(calls.max, taken);
        calls.own_stack = std::max(calls.own_stack, frame.sp - frame.lowest);
        calls.stack = std::max(calls.stack, frame.sp - deepest);
    }
    if (frames_.size() > floor()) {
        Frame& caller = frames_.back();
        caller.deepest = std::min(caller.deepest, deepest);
        node_ = caller.node;
    }
}

/// Whether `next` is where a call in progress returns to: it and the calls above it (tail calls, longjmp) end.
bool Profiler::returned(std::uint32_t next, std::uint32_t sp) {
    for (std::size_t i = frames_.size(); i > floor(); --i) {
        if (frames_[i - 1].return_address != next || frames_[i - 1].sp != sp) continue;
        std::size_t first = i - 1;
        while (first > floor() && frames_[first - 1].return_address == next && frames_[first - 1].sp == sp) --first;
        if (first == 0 && interrupted_.empty()) first = 1;  // what was running first has no caller
        while (frames_.size() > first) pop();
        enter_range();
        return true;
    }
    return false;
}

/// Execution left the function without call or plain return.
void Profiler::moved(Operation operation, std::uint32_t next, std::uint32_t sp) {
    // A scheduler's first thread: what started it is left for good.
    if (std::exchange(first_thread_, false)) return begin_anew(next, sp);
    const std::size_t base = floor();
    const Range target = range_of(next);
    // Calls with a deeper stack can never return.
    while (frames_.size() > base + 1 && frames_.back().sp < sp) pop();
    enter_range();
    if (next - range_.start < range_.bytes) return;
    // A helper that returns into its caller elsewhere than behind the call (table branches).
    if (frames_.size() > base + 1 && next != target.start && frames_.back().sp == sp &&
        nodes_[frames_[frames_.size() - 2].node].function == target.start) {
        pop();
        enter_range();
        return;
    }
    // A return beyond the calls that are known: who called what ran first. It is a caller, not called.
    const bool by_register = operation == Operation::bx || operation == Operation::mov_pc;
    if (base == 0 && frames_.size() == 1 && frames_.back().return_address == kNowhere &&
        (operation == Operation::pop_pc || (by_register && next != target.start)))
        return begin_anew(next, sp);
    // A tail call, or code that runs on into the next symbol: it takes over return address and stack. Going back and
    // forth between the same functions is a loop.
    const Frame top = frames_.back();
    for (std::size_t i = frames_.size(); i > base; --i) {
        const Frame& frame = frames_[i - 1];
        if (frame.return_address != top.return_address || frame.sp != top.sp) break;
        if (nodes_[frame.node].function != target.start) continue;
        while (frames_.size() > i) pop();
        enter_range();
        return;
    }
    push(next, pc_, top.return_address, top.sp);
}

/// The program moved to another stack: calls in progress are measured from its top.
void Profiler::rebase_stack(std::uint32_t sp) {
    for (std::size_t i = floor(); i < frames_.size(); ++i) frames_[i].sp = frames_[i].lowest = frames_[i].deepest = sp;
    if (!cpu_.on_process_stack()) high_water_ = {sp, sp, node_, cpu_.cycles};
}

// ---------------------------------------------------------------------------------------------- exceptions

void Profiler::exception_entered(std::uint32_t sp, std::uint32_t next) {
    if (!executing_) forget_xip();
    diverted_ = true;
    interrupted_.push_back({frames_.size(), node_, sp, next, busy(), interrupt_cycles_});
}

void Profiler::handler_started(unsigned number, bool from_process_stack) {
    if (interrupted_.empty()) return;
    const std::uint32_t sp = cpu_.r[13];
    if (sp < high_water_.lowest) high_water_ = {high_water_.top, sp, node_, cpu_.cycles};
    node_ = child(kNowhere, number, CallNode::kHandlers);
    ++nodes_[node_].calls;
    push(cpu_.pc(), CallNode::kException, kNowhere, from_process_stack ? sp : std::max(sp, interrupted_.back().sp));
    frames_.back().lowest = std::min(frames_.back().lowest, sp);
}

void Profiler::handler_returned() {
    diverted_ = true;
    if (interrupted_.empty()) return;
    while (frames_.size() > interrupted_.back().depth) pop();
}

void Profiler::exception_returned() {
    if (interrupted_.empty()) {
        restart();
        return;
    }
    const Interrupted from = interrupted_.back();
    interrupted_.pop_back();
    interrupt_cycles_ = from.interrupts + (busy() - from.start);
    const std::uint32_t sp = cpu_.r[13], next = cpu_.pc();
    node_ = from.node;
    if (interrupted_.empty() && (from.sp != sp || from.next != next)) switch_thread(from, sp, next);
    enter_range();
}

/// A scheduler has switched threads: what was interrupted waits for its stack pointer to come back.
void Profiler::switch_thread(const Interrupted& from, std::uint32_t sp, std::uint32_t next) {
    suspended_[from.sp] = {std::move(frames_), from.next, from.start, from.interrupts};
    auto other = suspended_.extract(sp);
    // New, or it has gone on elsewhere since: the other core runs threads, too. A handler may move who it interrupted.
    if (other.empty() || (sp != from.sp && other.mapped().next != next)) {
        begin_anew(next, sp);
        return;
    }
    frames_ = std::move(other.mapped().frames);
    node_ = frames_.back().node;
    // The time of other threads is nobody's here.
    const Cycles away = (busy() - other.mapped().busy) - (interrupt_cycles_ - other.mapped().interrupts);
    for (Frame& frame : frames_) frame.start += away;
}

std::vector<Profiler::Instruction> Profiler::instructions() const {
    std::vector<Instruction> out;
    for (const auto& [base, page] : pages_)
        for (std::uint32_t i = 0; i < kPageOps; ++i)
            if ((*page)[i].executed != 0 || (*page)[i].spent.cycles != 0) out.push_back({base + 2 * i, (*page)[i]});
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.address < b.address; });
    return out;
}

}  // namespace rp2040
