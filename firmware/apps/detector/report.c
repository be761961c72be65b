#include "apps/detector/report.h"

#include "apps/common/text.h"
#include "board.h"
#include "drivers/console.h"
#include "drivers/pdm_mic.h"
#include "dsp/pdm.h"
#include "hot.h"
#include "model.h"

#define MODEL_ID_DIGITS 12

// One line is built at a time, always from the main loop.
static text_t line;

static void begin(const char* word) {
    text_clear(&line);
    text_string(&line, word);
}

static void field(const char* name, uint32_t value) {
    text_string(&line, name);
    text_decimal(&line, value);
}

static void field_time(uint64_t us) {
    text_string(&line, " t=");
    text_seconds(&line, us);
}

static void end(void) {
    text_string(&line, "\r\n");
    console_write(line.data, line.size);
}

COLD void report_banner(bool image_intact) {
    begin("emberwatch " FIRMWARE_VERSION " board=" BOARD_NAME " model=");
    text_prefix(&line, MODEL_SHA256, MODEL_ID_DIGITS);
    field(" clk=", CLK_SYS_HZ);
    field(" pdm=", PDM_HZ);
    field(" rate=", PDM_HZ / PDM_BITS_PER_SAMPLE);
    field(" block=", PDM_BLOCK_WORDS / 2u);
    text_string(&line, image_intact ? " crc=ok" : " crc=bad");
    end();
}

void report_window(uint32_t block, uint8_t probability, uint32_t level, bool alarm) {
    begin("W ");
    text_decimal(&line, block);
    field(" p=", probability);
    field(" l=", level);
    field(" a=", alarm);
    end();
}

void report_event(event_t event, uint64_t us) {
    switch (event.type) {
        case EVENT_ALARM_ON: begin("ALARM on"); break;
        case EVENT_ALARM_OFF: begin("ALARM off"); break;
        case EVENT_ALARM_KIND: begin("ALARM kind"); break;
        case EVENT_POSSIBLE: begin("ALARM possible"); break;
        case EVENT_CLEAR: begin("ALARM clear"); break;
        default: return;
    }
    field_time(us);
    if (event.type == EVENT_ALARM_ON || event.type == EVENT_ALARM_KIND) {
        text_string(&line, " kind=");
        text_string(&line, events_kind_name(event.kind));
    }
    end();
}

void report_stats(stats_t* stats, uint32_t stack_unused, uint32_t dropped) {
    begin("S");
    field(" blocks=", stats->blocks);
    field(" missed=", stats->missed);
    field(" late=", stats->late);
    field(" busy=", stats_take_mean(stats));
    field(" max=", stats->busy_max);
    field(" stack=", stack_unused);
    field(" dropped=", dropped);
    end();
}

void report_fault(const char* what, uint64_t us) {
    begin("FAULT ");
    text_string(&line, what);
    field_time(us);
    end();
}

COLD void report_fault_at(const char* what, uint32_t address, uint64_t us) {
    begin("FAULT ");
    text_string(&line, what);
    text_string(&line, "-");
    text_hex(&line, address);
    field_time(us);
    end();
}
