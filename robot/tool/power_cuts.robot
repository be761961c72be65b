*** Settings ***
Documentation       Power that fails at any instant, also in the middle of an erase; what flash keeps.
Resource            tool.resource
Suite Setup         Build The Program


*** Test Cases ***
A Program Starts Anew After A Power Cut And After A Brown Out
    Power On    ${PROGRAM}
    Expect    ready
    Cut Power    250 ms
    Expect    ready    timeout=50 ms
    Brown Out    1 ms
    Expect    ready    timeout=50 ms

An Erase That Power Cuts Short Leaves Part Of The Old
    Create Binary File    ${OUTPUT_DIR}/zeros.bin    ${{bytes(4096)}}
    Remove File    ${OUTPUT_DIR}/flash.bin
    Create File    ${OUTPUT_DIR}/cut.toml    ${CUT}
    ${done} =    Emberwatch    run    ${PROGRAM}    --scenario    ${OUTPUT_DIR}/cut.toml    --flash
    ...    ${OUTPUT_DIR}/zeros.bin@0x100000    --flash-file    ${OUTPUT_DIR}/flash.bin
    Should Be Equal As Integers    ${done.rc}    0    ${done.stderr}
    ${flash} =    Get Binary File    ${OUTPUT_DIR}/flash.bin
    ${ones} =    Evaluate    sum(b.bit_count() for b in $flash[0x100000:0x101000]) / 32768
    Should Be True    0.2 < ${ones} < 0.7    an erased bit is a one; of 45 ms 20 had passed
    # What is in flash now is there in the next run.
    Create File    ${OUTPUT_DIR}/whole.toml    [[step]]\nexpect = "> "\n[[step]]\nwrite = "erase\\n"\n[[step]]\nexpect = "erased"\n
    ${done} =    Emberwatch    run    ${PROGRAM}    --scenario    ${OUTPUT_DIR}/whole.toml    --flash-file
    ...    ${OUTPUT_DIR}/flash.bin
    Should Be Equal As Integers    ${done.rc}    0    ${done.stderr}
    ${flash} =    Get Binary File    ${OUTPUT_DIR}/flash.bin
    Should Be True    $flash[0x100000:0x101000] == bytes([255]) * 4096


*** Variables ***
${CUT}
...                 SEPARATOR=\n
...                 [[step]]
...                 expect = "> "
...                 [[step]]
...                 write = "erase\\n"
...                 [[step]]
...                 expect = "erasing"
...                 [[step]]
...                 wait = "20 ms"
...                 [[step]]
...                 cut_power = "100 ms"
...                 [[step]]
...                 expect = "ready"
