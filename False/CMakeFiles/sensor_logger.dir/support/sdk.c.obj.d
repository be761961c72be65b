CMakeFiles/sensor_logger.dir/support/sdk.c.obj: ../examples/support/sdk.c \
 ../examples/support/sdk.h \
 /usr/lib/gcc/arm-none-eabi/12.2.1/include/stdbool.h \
 /usr/lib/gcc/arm-none-eabi/12.2.1/include/stddef.h \
 /usr/lib/gcc/arm-none-eabi/12.2.1/include/stdint.h
