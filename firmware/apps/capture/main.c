// The capture application: sends what the microphone hears as PCM, for recordings to train and to measure with.
// The same drivers and the same decimator as the detector, no network.

#include <stdbool.h>
#include <stdint.h>

#include "apps/capture/frame.h"
#include "apps/common/image.h"
#include "apps/common/text.h"
#include "board.h"
#include "drivers/console.h"
#include "drivers/led.h"
#include "drivers/pdm_mic.h"
#include "drivers/watchdog.h"
#include "dsp/pdm.h"
#include "hw/clocks.h"
#include "hw/memory.h"
#include "hw/resets.h"

#define BLOCKS_PER_INFO 31u
#define LED_RECORDING 40u

_Static_assert(PCM_BLOCK_SAMPLES * 2u <= FRAME_PAYLOAD_MAX, "a block must fit a frame");
_Static_assert(PDM_BLOCK_WORDS == PCM_BLOCK_SAMPLES * PDM_WORDS_PER_SAMPLE, "a block of bits is a block of samples");
// A frame is queued while the one before may still be on the line.
_Static_assert(CONSOLE_RING_BYTES >= 2u * sizeof(frame_t), "the transmit ring must hold two frames");
_Static_assert(CONSOLE_BAUD / 10u > 2u * 16000u * 5u / 4u,
               "the line must carry 32000 bytes a second with room to spare");

static pdm_state_t decimator;
static int16_t pcm[PCM_BLOCK_SAMPLES] __attribute__((aligned(4)));
static frame_t frame;
static restart_t restart;
static bool intact;
static uint32_t missed;

static void send(uint32_t type, uint32_t flags, uint32_t number, const void* payload, uint32_t size) {
    frame_build(&frame, type, flags, number, payload, size);
    console_write((const char*)frame.bytes, frame.size);
}

static void field(text_t* text, const char* name, uint32_t value) {
    text_string(text, name);
    text_decimal(text, value);
}

static const char* restart_name(void) {
    switch (restart.reason) {
        case RESTART_WATCHDOG: return "watchdog";
        case RESTART_FAULT: return "fault";
        default: return "cold";
    }
}

// Repeated, so that a recorder that attaches late learns what it records.
static void send_info(uint32_t block) {
    static text_t text;
    text_clear(&text);
    text_string(&text, "emberwatch-capture " FIRMWARE_VERSION " board=" BOARD_NAME);
    field(&text, " clk=", CLK_SYS_HZ);
    field(&text, " pdm=", PDM_HZ);
    field(&text, " rate=", PDM_HZ / 64u);
    field(&text, " block=", PCM_BLOCK_SAMPLES);
    text_string(&text, intact ? " crc=ok" : " crc=bad");
    text_string(&text, " restart=");
    text_string(&text, restart_name());
    field(&text, " missed=", missed);
    field(&text, " dropped=", console_dropped());
    send(FRAME_INFO, 0, block, text.data, text.size);
}

_Noreturn void main(void) {
    clocks_init();
    resets_release(RESETS_RESET_IO_BANK0 | RESETS_RESET_PADS_BANK0 | RESETS_RESET_TIMER);
    resets_cycle(RESETS_RESET_DMA);
    restart = watchdog_take_restart();
    watchdog_start();
    led_init();
    console_init();
    pdm_mic_init();
    pdm_init(&decimator);
    intact = image_intact();
    send_info(0);
    led_set(LED_RECORDING);
    watchdog_feed();
    pdm_mic_start();

    for (uint32_t taken = 0;;) {
        const uint32_t available = pdm_mic_wait(taken);
        const uint32_t block = available - 1u;  // of two blocks the older is being overwritten already
        missed += block - taken;
        taken = available;
        pdm_decimate(&decimator, pdm_mic_block(block), pcm, PCM_BLOCK_SAMPLES);
        uint32_t flags = pdm_mic_take_stall() ? FRAME_FLAG_STALL : 0;
        if (pdm_mic_blocks() - block > 1u) flags |= FRAME_FLAG_OVERWRITTEN;
        send(FRAME_PCM, flags, block, pcm, sizeof pcm);
        if (taken % BLOCKS_PER_INFO == 0) send_info(taken);
        watchdog_feed();
    }
}
