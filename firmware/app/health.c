#include "app/health.h"

#include "hot.h"

void health_init(health_t* health) { *health = (health_t){0}; }

static inline uint32_t ones(uint32_t word) {
    word -= word >> 1 & 0x55555555u;
    word = (word & 0x33333333u) + (word >> 2 & 0x33333333u);
    word = (word + (word >> 4)) & 0x0f0f0f0fu;
    return word * 0x01010101u >> 24;
}

HOT uint32_t health_check_pdm(const uint32_t* words, uint32_t count) {
    uint32_t any = 0, all = 0xffffffffu;
    uint32_t high = 0;
    // The mean needs no more than every fourth word: 8192 bits of a block.
    for (uint32_t i = 0; i < count; i += 4) {
        any |= words[i] | words[i + 1] | words[i + 2] | words[i + 3];
        all &= words[i] & words[i + 1] & words[i + 2] & words[i + 3];
        high += ones(words[i]);
    }
    if (any == 0) return HEALTH_STUCK_LOW;
    if (all == 0xffffffffu) return HEALTH_STUCK_HIGH;
    // A density of 1/4 or 3/4 is half of full scale.
    const uint32_t bits = count / 4 * 32;
    return high < bits / 4 || high > bits / 4 * 3 ? HEALTH_DC : 0;
}

HOT uint32_t health_check_pcm(const int16_t* samples, uint32_t count) {
    uint32_t saturated = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (samples[i] == INT16_MAX || samples[i] == INT16_MIN) saturated++;
    }
    return saturated > count / 8 ? HEALTH_CLIPPING : 0;
}

uint32_t health_update(health_t* health, uint32_t symptoms) {
    uint32_t raised = 0;
    for (uint32_t i = 0; i < HEALTH_SYMPTOMS; i++) {
        const uint32_t bit = 1u << i;
        // The streak counts blocks that contradict the present verdict.
        if (!(symptoms & bit) == !(health->faults & bit)) {
            health->streak[i] = 0;
            continue;
        }
        health->streak[i]++;
        if (health->faults & bit) {
            if (health->streak[i] == HEALTH_CLEAR_BLOCKS) health->faults &= ~bit, health->streak[i] = 0;
        } else if (health->streak[i] == HEALTH_RAISE_BLOCKS) {
            health->faults |= bit;
            health->streak[i] = 0;
            raised |= bit;
        }
    }
    return raised;
}

const char* health_name(uint32_t fault) {
    if (fault & HEALTH_STUCK_LOW) return "mic-stuck-low";
    if (fault & HEALTH_STUCK_HIGH) return "mic-stuck-high";
    if (fault & HEALTH_DC) return "mic-dc";
    if (fault & HEALTH_CLIPPING) return "mic-clipping";
    if (fault & HEALTH_CLOCK) return "pdm-clock";
    if (fault & HEALTH_OVERRUN) return "pdm-overrun";
    return "none";
}
