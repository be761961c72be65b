// Three tasks: one counts and fails in the end, one sleeps, one waits for what the first has counted.
#include "FreeRTOS.h"
#include "queue.h"
#include "sdk.h"
#include "task.h"

static QueueHandle_t queue;
static volatile uint32_t sink;

__attribute__((noinline)) static void work(uint32_t n) {
    for (uint32_t i = 0; i < n; ++i) sink += i;
}

__attribute__((noinline)) static void fails(uint32_t address) {
    sink = *(volatile uint32_t*)address;
    ++sink;
}

static void counter(void* unused) {
    (void)unused;
    for (uint32_t n = 0;; ++n) {
        work(1000);
        if (n == 20) fails((uint32_t)&sink + 1);
        xQueueSend(queue, &n, portMAX_DELAY);
        vTaskDelay(5);
    }
}

static void sleeper(void* unused) {
    (void)unused;
    for (;;) vTaskDelay(20);
}

static void logger(void* unused) {
    (void)unused;
    for (uint32_t n;;) {
        xQueueReceive(queue, &n, portMAX_DELAY);
        show("n", n);
    }
}

int main(void) {
    sdk_init();
    queue = xQueueCreate(4, sizeof(uint32_t));
    xTaskCreate(counter, "counter", 256, 0, 2, 0);
    xTaskCreate(sleeper, "sleeper", 128, 0, 3, 0);
    xTaskCreate(logger, "logger", 256, 0, 1, 0);
    vTaskStartScheduler();
    return 0;
}
