# Tests of RP2040 programs on an emulated chip, for CTest. `emberwatch init` puts this file into a project.
#
#   emberwatch_add_test(TARGET [NAME name] [EXPECT text ...] [FAIL text ...] [UNTIL text] [TIMEOUT time]
#                       [SECONDS s] [SCENARIO file] [BOARD board] [SEED n] [ARGUMENTS ...])
#
# Texts, and regular expressions between slashes, are what the program prints on UART, USB or by semihosting; times are
# emulated, as in 5 or "300 ms"; files are relative to the source folder. A test passes when `emberwatch run` exits
# with 0: docs/exit-codes.md.
find_program(EMBERWATCH_COMMAND emberwatch DOC "The emberwatch program: pip install emberwatch")

function(emberwatch_add_test target)
  cmake_parse_arguments(PARSE_ARGV 1 EW "" "NAME;UNTIL;TIMEOUT;SECONDS;SCENARIO;BOARD;SEED" "EXPECT;FAIL;ARGUMENTS")
  if(EW_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "emberwatch_add_test(${target}): unknown arguments: ${EW_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT EMBERWATCH_COMMAND)
    message(WARNING "emberwatch is not installed, so ${target} is not tested: pip install emberwatch")
    return()
  endif()
  if(NOT EW_NAME)
    set(EW_NAME ${target})
  endif()
  set(arguments)
  foreach(text IN LISTS EW_EXPECT)
    list(APPEND arguments --expect ${text})
  endforeach()
  foreach(text IN LISTS EW_FAIL)
    list(APPEND arguments --fail ${text})
  endforeach()
  foreach(option IN ITEMS UNTIL TIMEOUT SECONDS SCENARIO BOARD SEED)
    if(DEFINED EW_${option})
      string(TOLOWER ${option} name)
      list(APPEND arguments --${name} ${EW_${option}})
    endif()
  endforeach()
  add_test(NAME ${EW_NAME} COMMAND ${EMBERWATCH_COMMAND} run $<TARGET_FILE:${target}> --uart ${arguments} ${EW_ARGUMENTS}
           WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
endfunction()
