file(REMOVE_RECURSE
  "CMakeFiles/sensor_logger.dir/sensor_logger/main.c.obj"
  "CMakeFiles/sensor_logger.dir/sensor_logger/main.c.obj.d"
  "CMakeFiles/sensor_logger.dir/support/sdk.c.obj"
  "CMakeFiles/sensor_logger.dir/support/sdk.c.obj.d"
  "CMakeFiles/sensor_logger.dir/support/start.S.obj"
  "sensor_logger.elf"
  "sensor_logger.pdb"
)

# Per-language clean rules from dependency scanning.
foreach(lang ASM C)
  include(CMakeFiles/sensor_logger.dir/cmake_clean_${lang}.cmake OPTIONAL)
endforeach()
