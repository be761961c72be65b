#include "apps/detector/bursts.h"

#include <string.h>

#include "hot.h"

#define LEAST_STEP 12     // 4.5 dB: the least rise that begins and the least fall that ends a burst
#define GREATEST_FALL 20  // 7.5 dB: enough to end one, whatever the distance from peak to valley
#define KINDRED 40        // 15 dB: what is weaker than the train's bursts by more is no part of it
#define STRONGER 32       // 12 dB: a sound that rises so far over another is a burst of its own
#define SOON 63           // blocks for which a burst's peak is not forgotten (2 s)
#define VALLEY_CREEP 3u   // blocks per unit by which a valley rises (3.9 dB/s)
#define RISE_BLOCKS 3     // within which a burst's rise is measured
#define LONG 32           // blocks of one burst after which it is judged like a whole one
#define FORGET 190        // blocks of silence after which a train is over (6 s)
#define TONAL 40          // 15 dB over the bands beside it: a tone that sounds with the first block is a burst
#define NEIGHBOUR 3       // bands to the side that a tone does not reach

static uint8_t next(uint8_t count) { return count < UINT8_MAX ? (uint8_t)(count + 1) : count; }

static void push(uint8_t history[BURST_HISTORY], uint8_t value) {
    memmove(&history[1], &history[0], BURST_HISTORY - 1);
    history[0] = value;
}

static int32_t halfway(int32_t peak, int32_t valley) {
    const int32_t half = (peak - valley) / 2;
    return half < LEAST_STEP ? LEAST_STEP : half;
}

// The rise over the valley that begins a burst: half of the last one's, and no less than 15 dB below its peak.
static int32_t rise_that_begins(const band_t* band) {
    const int32_t half = halfway(band->peak, band->valley), kindred = band->peak - band->valley - KINDRED;
    return half > kindred ? half : kindred;
}

static int32_t fall_that_ends(const band_t* band) {
    const int32_t half = halfway(band->peak, band->valley);
    return half < GREATEST_FALL ? half : GREATEST_FALL;
}

static uint8_t blend(uint8_t mean, uint8_t value) { return (uint8_t)((3 * mean + value + 2) / 4); }

// A period, or a second of a long burst, is over: what was seen in it joins the means of the train.
static void join_means(band_t* band) {
    const bool first = band->trust == 0;
    band->trust = first ? band->belief : blend(band->trust, band->belief);
    band->tonality = first ? band->contrast : blend(band->tonality, band->contrast);
    const int32_t apart = band->peak - band->before;
    band->drift = first ? 0 : blend(band->drift, (uint8_t)(apart < 0 ? -apart : apart));
    band->before = band->peak;
    band->belief = 0;
}

static void begin_burst(band_t* band) {
    if (band->length != 0 && band->since_end < FORGET) {
        join_means(band);
        const uint8_t newer = band->since_onset, older = band->periods[0];
        const int32_t tolerance = 1 + newer / 12;
        const int32_t apart = newer > older ? newer - older : older - newer;
        band->regular = apart <= tolerance ? next(band->regular) : 0;
        push(band->lengths, band->length);
        push(band->periods, newer);
    } else {
        memset(band->lengths, 0, sizeof band->lengths);
        memset(band->periods, 0, sizeof band->periods);
        band->regular = band->trust = 0;
    }
    band->on = true;
    band->since_onset = 0;
    band->length = 0;
    band->peak = 0;
    band->belief = 0;
    band->rise = 0;
}

// The burst so far was another, weaker sound: take it back and begin anew.
static void begin_again(band_t* band) {
    const int32_t period = band->periods[0] + band->since_onset;
    if (band->periods[0] != 0) band->periods[0] = (uint8_t)(period < UINT8_MAX ? period : UINT8_MAX);
    band->regular = 0;
    band->since_onset = 0;
    band->length = 0;
    band->belief = 0;
}

static void follow(band_t* band, int32_t level, int32_t contrast, uint8_t probability, bool creep) {
    band->since_onset = next(band->since_onset);
    band->since_end = next(band->since_end);
    band->since_group = next(band->since_group);
    if (!band->on) {
        if (band->valley == UINT8_MAX && contrast >= TONAL)
            band->valley = 0;
        else if (level < band->valley)
            band->valley = (uint8_t)level;
        else if (creep && band->valley < UINT8_MAX)
            band->valley++;
        if (level - band->valley >= rise_that_begins(band))
            begin_burst(band);
        else if (band->peak > band->valley && band->since_end > SOON)
            band->peak--;
    }
    if (band->on) {
        if (band->length > RISE_BLOCKS && level > band->peak + STRONGER) begin_again(band);
        if (level > band->peak) {
            band->peak = (uint8_t)level;
            band->contrast = (uint8_t)(contrast < 0 ? 0 : contrast);
        }
        if (band->length < RISE_BLOCKS) band->rise = (uint8_t)(band->peak - band->valley);
        if (band->peak - level >= fall_that_ends(band)) {
            band->on = false;
            band->since_end = 0;
            band->valley = (uint8_t)level;
        } else {
            // A tone without end: the last LONG lengths stand for all that follow, so that the means go on.
            band->length = (uint8_t)(band->length < UINT8_MAX ? band->length + 1 : UINT8_MAX + 1 - LONG);
            if (band->length % LONG == 0) join_means(band);
        }
    }
    if (probability > band->belief) band->belief = probability;
}

void bursts_init(bursts_t* bursts) {
    memset(bursts, 0, sizeof *bursts);
    for (uint32_t i = 0; i < BURST_BANDS; i++) {
        bursts->bands[i].valley = UINT8_MAX;
        bursts->bands[i].since_onset = bursts->bands[i].since_end = bursts->bands[i].since_group = UINT8_MAX;
    }
}

HOT void bursts_update(bursts_t* bursts, const int8_t features[BURST_FRAMES][FEATURE_BANDS], uint8_t probability) {
    int32_t levels[FEATURE_BANDS];
    const bool creep = bursts->creep == 0;
    bursts->creep = (uint8_t)(creep ? VALLEY_CREEP - 1u : bursts->creep - 1u);
    for (uint32_t b = 0; b < FEATURE_BANDS; b++) {
        int32_t sum = 128 * BURST_FRAMES;
        for (uint32_t t = 0; t < BURST_FRAMES; t++) sum += features[t][b];
        levels[b] = sum / BURST_FRAMES;
    }
    for (uint32_t i = 0; i < BURST_BANDS; i++) {
        const uint32_t b = i + BURST_FIRST_BAND;
        const int32_t above = levels[b + NEIGHBOUR], below = b < NEIGHBOUR ? above : levels[b - NEIGHBOUR];
        band_t* band = &bursts->bands[i];
        follow(band, levels[b], levels[b] - (above + below) / 2, probability, creep);
    }
}
