#include "apps/detector/health.h"

#include "hot.h"

void health_init(health_t* health) { *health = (health_t){0}; }

HOT uint32_t health_check_pdm(const uint32_t* words, uint32_t count) {
    uint32_t any = 0, all = 0xffffffffu;
    for (uint32_t i = 0; i < count; i++) {
        any |= words[i];
        all &= words[i];
        // A living microphone toggles many times a word, so this is the usual way out.
        if (any != 0 && all != 0xffffffffu) return 0;
    }
    return any == 0 ? HEALTH_STUCK_LOW : HEALTH_STUCK_HIGH;
}

uint32_t health_check_mean(int32_t mean) { return mean > INT16_MAX / 2 || mean < INT16_MIN / 2 ? HEALTH_DC : 0; }

HOT uint32_t health_check_pcm(const int16_t* samples, uint32_t count) {
    uint32_t saturated = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (samples[i] == INT16_MAX || samples[i] == INT16_MIN) saturated++;
    }
    return saturated > count / 8 ? HEALTH_CLIPPING : 0;
}

COLD uint32_t health_check_level(health_t* health, uint32_t level) {
    if (level < HEALTH_DEAF_LEVEL) {
        health->quiet = 0;
    } else if (health->quiet < HEALTH_DEAF_BLOCKS) {
        health->quiet++;
    }
    return health->quiet == HEALTH_DEAF_BLOCKS ? HEALTH_DEAF : 0;
}

uint32_t health_update(health_t* health, uint32_t symptoms) {
    uint32_t raised = 0;
    if (symptoms == health->faults && !health->unsettled) return 0;
    health->unsettled = false;
    for (uint32_t i = 0; i < HEALTH_SYMPTOMS; i++) {
        const uint32_t bit = 1u << i;
        // The streak counts blocks that contradict the present verdict.
        if (!(symptoms & bit) == !(health->faults & bit)) {
            health->streak[i] = 0;
            continue;
        }
        health->streak[i]++;
        health->unsettled = true;
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

COLD const char* health_name(uint32_t fault) {
    if (fault & HEALTH_STUCK_LOW) return "mic-stuck-low";
    if (fault & HEALTH_STUCK_HIGH) return "mic-stuck-high";
    if (fault & HEALTH_DC) return "mic-dc";
    if (fault & HEALTH_CLIPPING) return "mic-clipping";
    if (fault & HEALTH_CLOCK) return "pdm-clock";
    if (fault & HEALTH_OVERRUN) return "pdm-overrun";
    if (fault & HEALTH_DEAF) return "mic-deaf";
    if (fault & HEALTH_FLASH) return "flash";
    if (fault & HEALTH_OSCILLATOR) return "oscillator";
    if (fault & HEALTH_LED) return "led";
    return "none";
}
