# CMake generated Testfile for 
# Source directory: /work/wt/tool/examples
# Build directory: /work/wt/tool/False
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
add_test("blink" "/work/wt/tool/.venv/bin/emberwatch" "run" "/work/wt/tool/False/blink.elf" "--uart" "--scenario" "blink/test.toml" "--board" "blink/board.toml")
set_tests_properties("blink" PROPERTIES  WORKING_DIRECTORY "/work/wt/tool/examples" _BACKTRACE_TRIPLES "/work/wt/tool/sim/cli/project/emberwatch.cmake;36;add_test;/work/wt/tool/examples/CMakeLists.txt;24;emberwatch_add_test;/work/wt/tool/examples/CMakeLists.txt;0;")
add_test("sensor_logger" "/work/wt/tool/.venv/bin/emberwatch" "run" "/work/wt/tool/False/sensor_logger.elf" "--uart" "--scenario" "sensor_logger/test.toml" "--board" "sensor_logger/board.toml")
set_tests_properties("sensor_logger" PROPERTIES  WORKING_DIRECTORY "/work/wt/tool/examples" _BACKTRACE_TRIPLES "/work/wt/tool/sim/cli/project/emberwatch.cmake;36;add_test;/work/wt/tool/examples/CMakeLists.txt;25;emberwatch_add_test;/work/wt/tool/examples/CMakeLists.txt;0;")
add_test("two_cores" "/work/wt/tool/.venv/bin/emberwatch" "run" "/work/wt/tool/False/two_cores.elf" "--uart" "--expect" "primes=168" "--expect" [[/^primes=6\d+$/]] "--fail" "primes=0")
set_tests_properties("two_cores" PROPERTIES  WORKING_DIRECTORY "/work/wt/tool/examples" _BACKTRACE_TRIPLES "/work/wt/tool/sim/cli/project/emberwatch.cmake;36;add_test;/work/wt/tool/examples/CMakeLists.txt;26;emberwatch_add_test;/work/wt/tool/examples/CMakeLists.txt;0;")
add_test("pio_protocol" "/work/wt/tool/.venv/bin/emberwatch" "run" "/work/wt/tool/False/pio_protocol.elf" "--uart" "--timeout" "1 s" "--scenario" "pio_protocol/test.toml" "--board" "pio_protocol/board.toml")
set_tests_properties("pio_protocol" PROPERTIES  WORKING_DIRECTORY "/work/wt/tool/examples" _BACKTRACE_TRIPLES "/work/wt/tool/sim/cli/project/emberwatch.cmake;36;add_test;/work/wt/tool/examples/CMakeLists.txt;27;emberwatch_add_test;/work/wt/tool/examples/CMakeLists.txt;0;")
