CMakeFiles/blink.dir/blink/main.c.obj: ../examples/blink/main.c \
 ../examples/support/sdk.h \
 /usr/lib/gcc/arm-none-eabi/12.2.1/include/stdbool.h \
 /usr/lib/gcc/arm-none-eabi/12.2.1/include/stddef.h \
 /usr/lib/gcc/arm-none-eabi/12.2.1/include/stdint.h
