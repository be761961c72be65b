// The application: sleep until a block of sound is there, judge it, tell the world.

#include <stdbool.h>
#include <stdint.h>

#include "apps/common/image.h"
#include "apps/common/start.h"
#include "apps/detector/events.h"
#include "apps/detector/health.h"
#include "apps/detector/inject.h"
#include "apps/detector/level.h"
#include "apps/detector/pipeline.h"
#include "apps/detector/report.h"
#include "apps/detector/selftest.h"
#include "apps/detector/stats.h"
#include "board.h"
#include "drivers/console.h"
#include "drivers/led.h"
#include "drivers/pdm_mic.h"
#include "drivers/watchdog.h"
#include "hw/memory.h"
#include "hw/timer.h"

#define BLOCKS_PER_REPORT 31u  // 0.992 s: nearest to a second from below
#define BLINK_BLOCKS 8u        // on for so many, off for so many: 2 Hz
#define BLOCK_US ((uint32_t)(PDM_BLOCK_WORDS * 32ull * 1000000ull / PDM_HZ))
#define BLOCK_US_TOLERANCE (BLOCK_US / 100u)

static events_t events;
static health_t health;
static stats_t stats;
static restart_t restart;
static uint32_t last_block, last_block_us;  // of the block processed before

// Brightness: full while the alarm is on, twice a second full and dark while one is possible, otherwise a glimmer that
// follows the probability.
static uint8_t led_level(uint32_t block, uint8_t probability) {
    if (events.alarm == ALARM_CERTAIN) return 255;
    if (events.alarm == ALARM_POSSIBLE) return block & BLINK_BLOCKS ? 255 : 0;
    return probability >> 2;
}

static uint32_t clock_symptom(uint32_t block, uint32_t us) {
    const uint32_t took = us - last_block_us, blocks = block - last_block;
    last_block = block;
    last_block_us = us;
    // A handler that came late for one block makes the next interval look short; blocks in between hide it. They hide
    // no capture that runs away, of which the loop sees one block in many.
    const uint32_t tolerance = blocks == 1u ? BLOCK_US_TOLERANCE : BLOCK_US / 2u;
    return took - (blocks * BLOCK_US - tolerance) > 2u * tolerance ? HEALTH_CLOCK : 0;
}

static void report_health(uint32_t symptoms) {
    const uint32_t before = health.faults;
    uint32_t raised = health_update(&health, symptoms);
    for (; raised; raised &= raised - 1u) report_fault(health_name(raised & -raised), timer_us64());
    if (before && !health.faults) report_fault("none", timer_us64());
}

// Everything that has to be done within the 32 ms of one block.
__attribute__((noinline)) void app_process_block(uint32_t block, uint32_t block_us) {
    const uint32_t* words = pdm_mic_block(block);
    uint32_t symptoms = clock_symptom(block, block_us);
    inject_at(block, restart.reason == RESTART_COLD);
    const uint32_t stuck = health_check_pdm(words, PDM_BLOCK_WORDS);
    const int16_t* pcm = pipeline_decimate(words);
    selftest_step(STEP_DECIMATED);
    if (pdm_mic_overwritten(block)) stats.missed++;
    if (pdm_mic_take_stall()) symptoms |= HEALTH_OVERRUN;
    // A stuck microphone has an offset too; that is not worth a second fault.
    symptoms |= stuck ? stuck : health_check_mean(pipeline_mean());
    const uint32_t level = level_dbfs(pcm, PCM_BLOCK_SAMPLES);
    if (level <= LEVEL_CLIPPING) symptoms |= health_check_pcm(pcm, PCM_BLOCK_SAMPLES);
    symptoms |= health_check_level(&health, level);

    const uint8_t probability = pipeline_classify();
    selftest_step(STEP_CLASSIFIED);
    const event_t event = events_update(&events, pipeline_features(), probability);
    selftest_step(STEP_JUDGED);
    // A short shows only while the program asks for the other level, so it is not taken back.
    symptoms |= led_in_order() ? health.faults & HEALTH_LED : HEALTH_LED;
    led_set(led_level(block, probability));
    report_window(block, probability, level, events.alarm == ALARM_CERTAIN);
    report_event(event, timer_us64());
    symptoms |= selftest_slice(block);
    selftest_step(STEP_CHECKED);
    report_health(symptoms);
    selftest_step(STEP_REPORTED);
    if (stats.busy_count == BLOCKS_PER_REPORT) report_stats(&stats, memory_stack_unused(), console_dropped());
}

static void report_restart(void) {
    if (restart.reason == RESTART_WATCHDOG) report_fault("watchdog", timer_us64());
    if (restart.reason == RESTART_CHECK) report_fault(selftest_name(restart.fault_pc), timer_us64());
    if (restart.reason == RESTART_FAULT) report_fault_at("hardfault", restart.fault_pc, timer_us64());
}

_Noreturn void main(void) {
    restart = start_up();
    cycle_counter_init();
    events_init(&events);
    health_init(&health);

    const bool intact = image_intact();
    report_banner(intact);
    report_restart();
    watchdog_feed();
    pipeline_init();
    while (pipeline_settle()) watchdog_feed();
    pdm_mic_start();
    selftest_start(intact);

    last_block = (uint32_t)-1;
    last_block_us = pdm_mic_block_time();
    for (uint32_t taken = 0;;) {
        const uint32_t block = pdm_mic_take(&taken, &stats.missed);
        const cycle_mark_t start = cycle_mark();
        app_process_block(block, pdm_mic_block_time());
        stats_add(&stats, cycles_since(start));
        if (pdm_mic_overwritten(block)) stats.late++;
        selftest_steps_done();
        watchdog_feed();
    }
}
