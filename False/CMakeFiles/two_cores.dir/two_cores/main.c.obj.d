CMakeFiles/two_cores.dir/two_cores/main.c.obj: \
 ../examples/two_cores/main.c ../examples/support/sdk.h \
 /usr/lib/gcc/arm-none-eabi/12.2.1/include/stdbool.h \
 /usr/lib/gcc/arm-none-eabi/12.2.1/include/stddef.h \
 /usr/lib/gcc/arm-none-eabi/12.2.1/include/stdint.h
