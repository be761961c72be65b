// Prints, writes and reads a file, and exits with code 7 through semihosting.
#include <stdint.h>

static char buffer[16];
volatile uint32_t answer;

static uint32_t call(uint32_t operation, const void* parameter) {
    register uint32_t r0 __asm("r0") = operation;
    register const void* r1 __asm("r1") = parameter;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

int main(void) {
    call(0x04, "hello from the firmware\n");
    const uint32_t create[] = {(uint32_t) "note.txt", 4, 8};
    const uint32_t file = call(0x01, create);
    const uint32_t text[] = {file, (uint32_t) "written", 7};
    call(0x05, text);
    call(0x02, &file);
    const uint32_t open[] = {(uint32_t) "note.txt", 0, 8};
    const uint32_t again = call(0x01, open);
    const uint32_t fill[] = {again, (uint32_t)buffer, 15};
    call(0x06, fill);
    call(0x04, buffer);
    const uint32_t outside[] = {(uint32_t) "../../etc/passwd", 0, 16};
    answer = call(0x01, outside);
    const uint32_t end[] = {0x20026, 7};
    call(0x20, end);
    return 0;
}
