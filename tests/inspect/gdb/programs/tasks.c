// Tasks of a kernel of our own that keeps its lists as FreeRTOS does, for debuggers that look for them: two take turns,
// a third one waits for an event that never comes. A task that has worked `last_round` times reads a word that is not
// aligned.
#include <stdint.h>

struct xLIST_ITEM {
    uint32_t xItemValue;
    struct xLIST_ITEM *pxNext, *pxPrevious;
    void *pvOwner, *pxContainer;
};
struct xMINI_LIST_ITEM {
    uint32_t xItemValue;
    struct xLIST_ITEM *pxNext, *pxPrevious;
};
struct xLIST {
    uint32_t uxNumberOfItems;
    struct xLIST_ITEM* pxIndex;
    struct xMINI_LIST_ITEM xListEnd;
};
struct tskTaskControlBlock {
    uint32_t* volatile pxTopOfStack;
#ifdef MPU_PORT
    uint32_t ulContext[20];
#endif
    struct xLIST_ITEM xStateListItem, xEventListItem;
    uint32_t uxPriority;
    char pcTaskName[8];
};
typedef struct tskTaskControlBlock task_t;

task_t* volatile pxCurrentTCB;
struct xLIST pxReadyTasksLists[3], xSuspendedTaskList;
volatile uint32_t xSchedulerRunning;
volatile uint32_t sink, rounds;
uint32_t last_round = 0;
static task_t tasks[3];
static uint32_t stacks[3][128];

static void add(struct xLIST* list, task_t* task) {
    struct xLIST_ITEM *end = (struct xLIST_ITEM*)&list->xListEnd, *item = &task->xStateListItem;
    if (list->uxNumberOfItems++ == 0) end->pxNext = end->pxPrevious = end;
    *item = (struct xLIST_ITEM){0, end, end->pxPrevious, task, list};
    end->pxPrevious->pxNext = item;
    end->pxPrevious = item;
}

/// Registers r4-r11 as the kernel saves them, 4 to 11, then what an exception does: r0-r3, r12, lr, pc, xpsr.
static task_t* make(unsigned number, const char* name, uint32_t priority, void (*code)(void), uint32_t exc_return) {
    task_t* task = &tasks[number];
    uint32_t* top = stacks[number] + 128 - 16;
    for (uint32_t n = 0; n < 8; ++n) top[n] = n + 4;
    top[8] = 100 + number;
    top[13] = 0;
    top[14] = (uint32_t)code & ~1u;
    top[15] = 1u << 24;
    if (exc_return) *--top = exc_return;
    task->pxTopOfStack = top;
#ifdef MPU_PORT
    if (exc_return) {  // the context in the control block, then where the stack's copy is, CONTROL and EXC_RETURN
        const uint32_t others[] = {(uint32_t)(top + 9), 3, exc_return};
        for (uint32_t n = 0; n < 16; ++n) task->ulContext[n] = top[n + 1];
        for (uint32_t n = 0; n < 3; ++n) task->ulContext[16 + n] = others[n];
        task->pxTopOfStack = &task->ulContext[19];
    }
#endif
    task->uxPriority = priority;
    for (unsigned n = 0; n < 8; ++n) task->pcTaskName[n] = name[n];
    return task;
}

__attribute__((noinline)) void yield(void) {
    *(volatile uint32_t*)0xe000ed04 = 1u << 28;  // PendSV
    __asm__ volatile("dsb\n\tisb");
}

__attribute__((noinline)) void work(uint32_t n) {
    for (uint32_t i = 0; i < n; ++i) sink += i;
}

static void ping(void) {
    for (;;) {
        work(10);
        ++rounds;
        if (rounds == last_round) sink = *(const volatile uint32_t*)((uint32_t)tasks + rounds % 2 + 1);
        yield();
    }
}
static void pong(void) {
    for (;;) {
        work(20);
        yield();
    }
}
static void waits(void) {
    for (;;) {
    }
}

__attribute__((used)) static void choose(void) { pxCurrentTCB = pxCurrentTCB == &tasks[0] ? &tasks[1] : &tasks[0]; }

__attribute__((naked)) void switch_tasks(void) {
    __asm__ volatile(
        ".syntax unified\n\tmrs r0, psp\n\t subs r0, #32\n\t ldr r1, =pxCurrentTCB\n\t ldr r1, [r1]\n\t str r0, "
        "[r1]\n\t"
        "stmia r0!, {r4-r7}\n\t mov r4, r8\n\t mov r5, r9\n\t mov r6, r10\n\t mov r7, r11\n\t stmia r0!, {r4-r7}\n\t"
        "push {r3, lr}\n\t bl choose\n\t"
        "ldr r1, =pxCurrentTCB\n\t ldr r1, [r1]\n\t ldr r0, [r1]\n\t adds r0, #16\n\t ldmia r0!, {r4-r7}\n\t"
        "mov r8, r4\n\t mov r9, r5\n\t mov r10, r6\n\t mov r11, r7\n\t msr psp, r0\n\t subs r0, #32\n\t"
        "ldmia r0!, {r4-r7}\n\t pop {r3, pc}\n\t .ltorg");
}

int main(void) {
    add(&pxReadyTasksLists[1], make(0, "ping", 1, ping, 0));
    add(&pxReadyTasksLists[1], make(1, "pong", 1, pong, 0));
    task_t* waiting = make(2, "waits", 2, waits, 0xfffffffd);
    waiting->xEventListItem.pxContainer = &xSuspendedTaskList;
    add(&xSuspendedTaskList, waiting);
    pxCurrentTCB = &tasks[0];
    xSchedulerRunning = 1;
    __asm__ volatile("msr psp, %0\n\t movs r0, #2\n\t msr control, r0\n\t isb\n\t bx %1" ::"r"(stacks[0] + 128),
                     "r"(ping)
                     : "r0");
    return 0;
}
