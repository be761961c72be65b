#include "apps/detector/cadence.h"

#define BEAT_MIN 24  // T3, onset to onset within a group: 1 s; devices have 0.8 s to 1.15 s
#define BEAT_MAX 38
#define BEAT_JITTER 3   // between beats of a group: block edges, noise, reverberation
#define T3_BURST_MIN 9  // 0.5 s, with reverberation and a faint edge
#define T3_BURST_MAX 23
#define T3_DECIDED 4  // blocks of the burst that confirms the pause
#define T3_ALIKE 2    // blocks between the longest and the shortest burst of a group: music varies its notes by more

#define BEEP_MIN 1  // T4: 0.1 s
#define BEEP_MAX 6
#define BEEP_PERIOD_MIN 4  // 0.2 s
#define BEEP_PERIOD_MAX 9
#define GROUP_GAP 12          // blocks of quiet that end a group of four
#define GROUP_PERIOD_MIN 136  // T4 begins again after 5 s, or pauses for 5 s: 10 % less and 10 % more
#define GROUP_PERIOD_MAX 200
#define BETWEEN_GROUPS 100  // onset of the last beep to the first of the next group, at least

#define CONTINUOUS_MIN 125  // 4 s
#define CONTINUOUS_AGAIN 31

#define PULSE_MIN 3        // 10 a second
#define PULSE_FAST_MAX 20  // 0.64 s
#define PULSE_MAX 36       // 1.15 s
#define PULSE_LASTING 80   // 2.6 s of regular fast pulses
#define PULSE_COUNT 4
#define PULSE_DENSE_COUNT 5
#define PULSE_EVEN_COUNT 6
#define EVEN_BEAT_MIN 28  // 0.5 s on, 0.5 s off, 10 % up and down; a truck that reverses has 0.6 s
#define EVEN_BEAT_MAX 35

#define CLEAR_PERIOD_MIN 13  // two a second, 10 % and a block up and down
#define CLEAR_PERIOD_MAX 18
#define CLEAR_SKEW 4       // blocks that a pulse and its pause may differ by: rooms lengthen the one
#define CLEAR_LASTING 110  // 3.5 s
#define CLEAR_TONALITY 80  // 30 dB over the bands beside it
#define CLEAR_DRIFT 2      // 0.75 dB from one pulse to the next: insects keep a beat as well, but not a level

static bool within(uint8_t value, uint8_t low, uint8_t high) { return value >= low && value <= high; }
static bool is_beat(uint8_t period) { return within(period, BEAT_MIN, BEAT_MAX); }

// Last onset of a group to the next group: two beats.
static bool is_pause(uint8_t period, uint8_t beat) {
    const int32_t off = period - 2 * beat;
    return is_beat(beat) && 4 * off <= beat && 4 * off >= -beat;
}

static bool are_beats(uint8_t newer, uint8_t older) {
    return is_beat(newer) && is_beat(older) && newer <= older + BEAT_JITTER && older <= newer + BEAT_JITTER;
}

static bool are_alike(const uint8_t* lengths, uint32_t count, uint32_t most) {
    uint8_t shortest = lengths[0], longest = lengths[0];
    for (uint32_t i = 1; i < count; i++) {
        if (lengths[i] < shortest) shortest = lengths[i];
        if (lengths[i] > longest) longest = lengths[i];
    }
    return longest <= shortest + most;
}

// Three periods that only groups of three bursts have, unless the one before tells of groups of two or four.
static bool is_t3(const band_t* band) {
    if (!band->on || band->length != T3_DECIDED) return false;
    for (uint32_t i = 0; i < 3; i++) {
        if (!within(band->lengths[i], T3_BURST_MIN, T3_BURST_MAX)) return false;
    }
    if (!are_alike(band->lengths, 3, T3_ALIKE)) return false;
    const uint8_t newest = band->periods[0], second = band->periods[1], third = band->periods[2];
    const uint8_t before = band->periods[3];
    if (are_beats(second, third) && is_pause(newest, second)) return !is_beat(before);
    if (are_beats(newest, third) && is_pause(second, newest)) return !is_pause(before, newest);
    return are_beats(newest, second) && is_pause(third, newest) && !is_pause(before, newest);
}

static bool is_group_of_four(const band_t* band) {
    if (band->on || band->since_end != GROUP_GAP || !within(band->length, BEEP_MIN, BEEP_MAX)) return false;
    for (uint32_t i = 0; i < 3; i++) {
        if (!within(band->periods[i], BEEP_PERIOD_MIN, BEEP_PERIOD_MAX)) return false;
        if (!within(band->lengths[i], BEEP_MIN, BEEP_MAX)) return false;
    }
    return band->periods[3] == 0 || band->periods[3] >= BETWEEN_GROUPS;
}

static bool is_t4(band_t* band) {
    if (!is_group_of_four(band)) return false;
    const uint8_t apart = band->since_group;
    band->since_group = 0;
    return within(apart, GROUP_PERIOD_MIN, GROUP_PERIOD_MAX);
}

static bool is_continuous(const band_t* band) {
    if (!band->on || band->length < CONTINUOUS_MIN || band->rise < 2 * 12) return false;
    return (band->length - CONTINUOUS_MIN) % CONTINUOUS_AGAIN == 0;
}

static bool is_pulsed(const band_t* band) {
    if (!band->on || band->length != 1) return false;
    const uint32_t period = band->periods[0], on = band->lengths[0];
    if (period < PULSE_MIN || period > PULSE_MAX || band->regular < PULSE_COUNT) return false;
    if (!are_alike(band->lengths, BURST_HISTORY, 1 + period / 12)) return false;
    if (period <= PULSE_FAST_MAX) return band->regular * period >= PULSE_LASTING && 10 * on >= 3 * period;
    if (8 * on >= 5 * period) return band->regular >= PULSE_DENSE_COUNT;
    return within((uint8_t)period, EVEN_BEAT_MIN, EVEN_BEAT_MAX) && 8 * on >= 3 * period &&
           band->regular >= PULSE_EVEN_COUNT;
}

// This band begins where another, of the same period and as tonal, ends after half of it.
static bool is_hi_lo(const bursts_t* bursts, uint32_t index) {
    const band_t* band = &bursts->bands[index];
    for (uint32_t i = 0; i < BURST_BANDS; i++) {
        const band_t* other = &bursts->bands[i];
        if (i + 1 >= index && i <= index + 1) continue;
        const int32_t apart = band->periods[0] - other->periods[0];
        const int32_t pause = other->since_onset - other->length;
        const bool half =
            8 * other->since_onset >= 3 * band->periods[0] && 8 * other->since_onset <= 5 * band->periods[0];
        if (other->regular >= PULSE_COUNT && apart >= -1 && apart <= 1 && pause >= -1 && pause <= 2 && half &&
            2 * other->tonality >= band->tonality) {
            return true;
        }
    }
    return false;
}

bool cadence_is_clear(const band_t* band) {
    const int32_t period = band->periods[0], skew = 2 * band->lengths[0] - period;
    return within(band->periods[0], CLEAR_PERIOD_MIN, CLEAR_PERIOD_MAX) && skew <= CLEAR_SKEW && skew >= -CLEAR_SKEW &&
           band->regular * period >= CLEAR_LASTING && band->tonality >= CLEAR_TONALITY && band->drift <= CLEAR_DRIFT;
}

cadence_t cadence_of(bursts_t* bursts, uint32_t index) {
    band_t* band = &bursts->bands[index];
    if (is_t4(band)) return CADENCE_T4;
    if (is_t3(band)) return CADENCE_T3;
    if (is_pulsed(band)) return is_hi_lo(bursts, index) ? CADENCE_HI_LO : CADENCE_PULSED;
    return is_continuous(band) ? CADENCE_CONTINUOUS : CADENCE_NONE;
}
