CMakeFiles/sensor_logger.dir/sensor_logger/main.c.obj: \
 ../examples/sensor_logger/main.c ../examples/support/sdk.h \
 /usr/lib/gcc/arm-none-eabi/12.2.1/include/stdbool.h \
 /usr/lib/gcc/arm-none-eabi/12.2.1/include/stddef.h \
 /usr/lib/gcc/arm-none-eabi/12.2.1/include/stdint.h
