// How an instruction of two cores waits: for a port, for the other core, or for its turn to be executed alone.
#include "cpu/pair_waits.hpp"

#include "bus/bus.hpp"
#include "bus/xip.hpp"
#include "cpu/execute.hpp"
#include "cpu/pair.hpp"
#include "cpu/pair_chain.hpp"
#include "cpu/timing.hpp"

namespace rp2040::pair {

namespace {

constexpr Cycles kOneInstruction = 1;  // a deadline that every instruction reaches; 0: something asks for attention

/// What a register holds for that long can be read ahead, where it is not yet known when that will be: for that long no
/// event changes it, and what the other core does in order sends this one back.
constexpr Cycles kSteady = Pair::kLongestDelay + timing::kApbRead;

/// An instruction in flash whose fetch has been counted is begun anew.
void forget_fetch(const Cpu& c, const Op* op) {
    if (c.page->xip && (begins_word(op) || is_wide(op->operation))) c.xip.take_back_hits(1);
}

/// The rest of an instruction that has been executed is done when the other core has caught up.
void leave_open(Cpu& c, Handler rest) {
    c.rest = rest;
    c.deadline = 0;
}

/// An instruction that began in cycle `now` has come to its fetches.
void end_data(Cpu& c, Cycles& now) {
    c.note_begin(now);
    now += c.cost;
}

/// Goes on with what is in `c`: nothing else is kept over a wait, so that it needs no room on the host's stack.
#define GO_ON()                \
    do {                       \
        nz = c.nz;             \
        carry = c.carry;       \
        overflow = c.overflow; \
        op = c.op;             \
        cycles = c.cycles;     \
        DISPATCH();            \
    } while (false)

/// Waits for the port of a fetch that ends `before` cycles from now, of the word that `op` is in.
bool wait_for_word(Cpu& c, Cycles before, const Op* op, Handler rest) {
    const Cycles lost = c.wait_for_port(c.cycles - before, pair_op(op).port);
    if (lost == kNever) {
        leave_open(c, rest);
        return false;
    }
    c.cycles += lost;
    return true;
}

void rest_fetch(OP_PARAMS) {
    SPILL();
    if (!wait_for_word(c, 1, op, &rest_fetch)) return;
    c.op += is_wide(c.op->operation) ? 2 : 1;
    GO_ON();
}

void rest_second(OP_PARAMS) {
    SPILL();
    if (!wait_for_word(c, 1, op + 1, &rest_second)) return;
    GO_ON();
}

void rest_target(OP_PARAMS) {
    SPILL();
    if (!wait_for_word(c, 2, op, &rest_target)) return;
    if (!begins_word(c.op)) {
        if (!wait_for_word(c, 1, c.op + 1, &rest_second)) return;
    }
    GO_ON();
}

}  // namespace

void wait_for_fetch(OP_PARAMS) {
    end_data(c, cycles);
    TAIL_RETURN rest_fetch(OP_ARGS);
}

void branch_to_next(OP_PARAMS) {
    if (is_wide(op->operation) || begins_word(op)) TAIL_RETURN wait_for_fetch(OP_ARGS);
    cycles += c.cost;
    ++op;
    DISPATCH();
}

void wait_for_second(OP_PARAMS) {
    end_data(c, cycles);
    TAIL_RETURN rest_second(OP_ARGS);
}

void wait_for_target(OP_PARAMS) {
    end_data(c, cycles);
    TAIL_RETURN rest_target(OP_ARGS);
}

void op_alone(OP_PARAMS) {
    SPILL();
    if (c.goes_ahead(cycles) || c.pair->repeating || c.pair->passing != 0) {
        c.deadline = 0;
        return;
    }
    c.pair->leave_dma();
    c.decode_next();
    c.pair->take_back(c, cycles, c.effect_of(op));
    c.pair->left = true;
    c.deadline = kOneInstruction;
    // The other one may have come back to a read that began before; it will let this one pass.
    Cpu& first = c.peer->runnable() && c.peer->cycles < c.peer->first_until(cycles) ? *c.peer : c;
    // It may read what is counted, or be abandoned for an interrupt with words told of that others have met.
    if (c.pair->crossbar.counting() || transfers_list(first.op->operation)) c.pair->crossbar.end_turns();
    c.pair->events.pass_to(first.cycles);
    first.deadline = kOneInstruction;
    first.execute_next();
}

void op_alone_again(OP_PARAMS) {
    forget_fetch(c, op);
    TAIL_RETURN op_alone(OP_ARGS);
}

bool load_steady(Cpu& c, std::uint32_t address, unsigned bytes) {
    Crossbar& crossbar = c.pair->crossbar;
    // What is repeated comes in its order, perhaps later than it seemed: what was done then must be done again.
    const bool ahead = c.goes_ahead(c.cycles) && !c.pair->repeating;
    const Cycles until = c.cycles + (ahead ? kSteady : timing::kApbRead);
    if (until >= c.pair->end || crossbar.counting() || !c.load_steady(address, bytes, until)) return false;
    // What the other core does while the access is on its way comes before it.
    Pair& pair = *c.pair;
    const Cycles effect = c.cycles + c.cost - 1;
    const Port port = port_of(address);
    if (pair.repeating) {
        if (effect > pair.reads_until) return false;
    } else if (pair.passing != 0) {
        if (effect >= pair.passing || (port != Port::none && port == pair.passing_port)) return false;
    } else if (c.ahead_from != kNever) {
        pair.last_read = std::max(pair.last_read, effect);
    } else if (c.peer->runnable() && c.peer->cycles < effect) {
        if (!pair.go_on(effect)) return false;
    }
    if (port == Port::none) return true;
    return port == Port::apb ? crossbar.take_apb_read(c.core(), c.cycles) : c.take_port(c.cycles, word_of(port));
}

void hold_back(OP_PARAMS) {
    forget_fetch(c, op);
    SPILL();
    c.deadline = 0;
}

}  // namespace rp2040::pair
