
# Consider dependencies only in project.
set(CMAKE_DEPENDS_IN_PROJECT_ONLY OFF)

# The set of languages for which implicit dependencies are needed:
set(CMAKE_DEPENDS_LANGUAGES
  "ASM"
  )
# The set of files for implicit dependencies of each language:
set(CMAKE_DEPENDS_CHECK_ASM
  "/work/wt/tool/examples/support/start.S" "/work/wt/tool/False/CMakeFiles/sensor_logger.dir/support/start.S.obj"
  )
set(CMAKE_ASM_COMPILER_ID "GNU")

# The include file search paths:
set(CMAKE_ASM_TARGET_INCLUDE_PATH
  "/work/wt/tool/examples/support"
  )

# The set of dependency files which are needed:
set(CMAKE_DEPENDS_DEPENDENCY_FILES
  "/work/wt/tool/examples/sensor_logger/main.c" "CMakeFiles/sensor_logger.dir/sensor_logger/main.c.obj" "gcc" "CMakeFiles/sensor_logger.dir/sensor_logger/main.c.obj.d"
  "/work/wt/tool/examples/support/sdk.c" "CMakeFiles/sensor_logger.dir/support/sdk.c.obj" "gcc" "CMakeFiles/sensor_logger.dir/support/sdk.c.obj.d"
  )

# Targets to which this target links which contain Fortran sources.
set(CMAKE_Fortran_TARGET_LINKED_INFO_FILES
  )

# Targets to which this target links which contain Fortran sources.
set(CMAKE_Fortran_TARGET_FORWARD_LINKED_INFO_FILES
  )

# Fortran module output directory.
set(CMAKE_Fortran_TARGET_MODULE_DIR "")
