/* A small configuration for one core; handlers have the names of examples/support/start.S. */
#ifndef FREERTOS_CONFIG_H
#define FREERTOS_CONFIG_H

#define configCPU_CLOCK_HZ 125000000
#define configTICK_RATE_HZ 1000
#define configMAX_PRIORITIES 5
#define configMINIMAL_STACK_SIZE 128
#define configUSE_PREEMPTION 1
#define configUSE_IDLE_HOOK 0
#define configUSE_TICK_HOOK 0
#define configTICK_TYPE_WIDTH_IN_BITS TICK_TYPE_WIDTH_32_BITS
#define configTOTAL_HEAP_SIZE (16 * 1024)
#define configENABLE_MPU 0
#define configENABLE_TRUSTZONE 0
#define configENABLE_FPU 0
#define configCHECK_HANDLER_INSTALLATION 0
#define INCLUDE_vTaskDelay 1
#define INCLUDE_vTaskSuspend 1
#define vPortSVCHandler isr_svcall
#define SVC_Handler isr_svcall
#define xPortPendSVHandler isr_pendsv
#define PendSV_Handler isr_pendsv
#define xPortSysTickHandler isr_systick
#define SysTick_Handler isr_systick

#endif
