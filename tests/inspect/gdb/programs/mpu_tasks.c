// As tasks.c, but the task that waits keeps its context where the port of FreeRTOS with the MPU does.
#define MPU_PORT
#include "tasks.c"
